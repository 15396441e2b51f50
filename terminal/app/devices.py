"""What stands on the counter: the configured devices, not yet opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hardware import factory
from hardware.interfaces import Display, Keypad, Printer, Scanner, SerialPort, Signals
from terminal.config.addresses import is_loopback, parse_listen
from terminal.config.schema import Config
from terminal.register.factory import build_port
from terminal.system.lean_imports import lighten_pillow

if TYPE_CHECKING:
    from terminal.register.http.port import HttpPort

PRINTER_MEMORY = "printer.json"
"""Beside the journal: what the printer has shown of itself."""
PROGRAMS = "register-programs.json"
"""Beside the journal: which register programs may call."""


class Devices(NamedTuple):
    """What stands on the counter."""

    keypad: Keypad
    display: Display | None
    printer: Printer | None
    register_port: SerialPort
    signals: Signals | None = None
    scanner: Scanner | None = None
    programs: HttpPort | None = None
    """Where register programs call, if the register is one: the register's port itself."""


def build_devices(config: Config) -> Devices:
    """The configured devices, not yet opened."""
    lighten_pillow()
    programs = build_programs(config) if config.register.protocol == "http" else None
    port, printer = _build_line(config, programs)
    return Devices(
        factory.build_keypad(config.keypad),
        factory.build_display(config.display),
        printer,
        port,
        factory.build_signals(config.signals),
        factory.build_scanner(config.scanner),
        programs,
    )


def build_programs(config: Config) -> HttpPort:
    """The port for register programs; what they are known by stands beside the journal."""
    from terminal.register.http.certificate import OwnCertificate  # noqa: PLC0415  only when configured
    from terminal.register.http.port import HttpPort, Listen  # noqa: PLC0415
    from terminal.register.http.programs import Programs  # noqa: PLC0415

    host, port = parse_listen(config.http.listen)
    folder = Path(config.journal.path).parent
    certificate = None if is_loopback(host) else OwnCertificate(folder, config.terminal.id, host)
    listen = Listen(host, port, certificate, config.http.allowed_origins)
    return HttpPort(listen, Programs(folder / PROGRAMS), config.terminal.id)


def _build_line(config: Config, programs: HttpPort | None) -> tuple[SerialPort, Printer | None]:
    """The register's port, and the printer, which may be behind it."""
    memory_path = Path(config.journal.path).with_name(PRINTER_MEMORY)
    port: SerialPort = programs or build_port(config.serial_settings(), config.register.allow)
    if config.log.register_traffic:
        from terminal.register.unknown.traffic import LoggedPort  # noqa: PLC0415  only when configured

        port = LoggedPort(port)
    behind = config.passthrough_settings()
    if behind is None:
        return port, factory.build_printer(config.printer, memory_path)
    from terminal.register.taps.passthrough import PassthroughPort  # noqa: PLC0415  only when configured

    through = PassthroughPort(port, factory.build_serial_port(behind))
    if not config.shares_printer:
        return through, factory.build_printer(config.printer, memory_path)
    from terminal.register.taps.shared_printer import build_shared_printer  # noqa: PLC0415

    return through, build_shared_printer(through, config.printer, memory_path)


def line_watch(config: Config) -> Callable[[bytes], None]:
    """Whatever can tell from the register's bytes that its line is set wrong."""
    if config.register.protocol != "concert" or config.register.bytesize == 7:
        return lambda _data: None
    from terminal.register.unknown.parity import ParityWatch  # noqa: PLC0415  only when configured

    return ParityWatch().look
