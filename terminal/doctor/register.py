"""Whether the register has been heard: without flow control a dead line looks like one that has nothing to say."""

from __future__ import annotations

from pathlib import Path

from terminal.config.addresses import is_loopback, parse_listen
from terminal.config.schema import Config
from terminal.doctor.status import RegisterLine, duration
from terminal.doctor.system import Finding, System, ok, warning
from terminal.register.settings import CERTIFICATE_FILE
from terminal.system.certificate import certificate_sha256

NEVER_HEARD_S = 600.0
"""Until then it has perhaps not been used since the start."""
NO_PROGRAMS = "none are configured"
LONG_SILENT_S = 3 * 86400.0
"""No weekend is as long."""


def check_register(config: Config, system: System) -> Finding:
    """What the running terminal has heard of it. Silence by itself is no fault: a shop may have a quiet day."""
    wear = system.wear(config)
    if wear is None:
        return ok("no terminal runs that would hear it")
    line = wear.register
    if config.register.protocol == "http":  # a program that is switched off says nothing, and that is no fault
        return ok(_heard(line))
    if config.register.rtscts and line.signals is not None and not line.signals.cts:
        return warning(
            f"{_heard(line)}; its CTS is off, so nothing can be sent to it",
            "is the register on, are wires 7 and 8 crossed? With three wires set register.rtscts = false",
        )
    if line.signals is not None and 0 < line.heard_bytes <= line.signals.breaks:  # each break reads as one byte
        return warning(
            f"nothing but a line that was held low {line.signals.breaks} times since the start",
            "is the register on? Its TXD may touch ground or another output: look at plug and cable",
        )
    if (not line.heard_bytes and line.silent_s >= NEVER_HEARD_S) or line.silent_s >= LONG_SILENT_S:
        return warning(
            _heard(line),
            "if it was used meanwhile: are TXD and RXD crossed, is ground connected, is the baud rate right? To see"
            f" what comes in, stop the terminal and run: netgiro-terminal listen --port {config.register.port}",
        )
    return ok(_heard(line))


def check_programs(config: Config, _system: System) -> Finding:
    """Where register programs call, and what they are to trust there."""
    if config.register.protocol != "http":
        return ok(NO_PROGRAMS)
    found = f"call {config.http.listen}"
    if is_loopback(parse_listen(config.http.listen)[0]):
        return ok(f"{found}, on this machine only, in plain text")
    sha256 = certificate_sha256(Path(config.journal.path).with_name(CERTIFICATE_FILE))
    if not sha256:
        return warning(
            f"{found}; there is no certificate that can be read here",
            "it is made when the terminal starts; look at it with sudo",
        )
    return ok(f"{found}; the certificate's SHA-256 is {sha256}")


def _heard(line: RegisterLine) -> str:
    if not line.heard_bytes:
        return f"no byte since the terminal was started {duration(line.silent_s)} ago"
    told = f"{line.heard_bytes} bytes since the start, the last {duration(line.silent_s)} ago"
    if line.signals is None:
        return told
    on = [name for name in ("CTS", "DSR", "DCD") if getattr(line.signals, name.lower())]
    return f"{told}; {', '.join(on)} on" if on else told
