"""From settings to the register's port and protocol. A codec's module is imported only if it is configured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hardware import factory
from hardware.interfaces import Document, SerialPort
from hardware.settings import NETWORK, SerialSettings, network_address
from terminal import __version__
from terminal.register.protocol import RegisterProtocol
from terminal.register.settings import LengthFrame, RegisterSettings
from terminal.sale.effects import ReceiptKind
from terminal.sale.refund import Refund
from terminal.sale.sale import Sale
from terminal.sale.totals import ClosedPeriod

LENGTH_BYTES: Mapping[LengthFrame, int | None] = {"auto": None, "none": 0, "2": 2, "4": 4}

# The imports inside the functions are the point of this module.
# ruff: noqa: PLC0415


def build_port(settings: SerialSettings, allow: Sequence[str] = ()) -> SerialPort:
    """Where the register is, not yet open: a serial port, or one of the network.

    ``allow``: who may connect to the latter. Raises ValueError if that or the address cannot be read.
    """
    if (address := network_address(settings.port)) is not None:
        from terminal.register.network_port import NetworkPort

        return NetworkPort(*address, allow)
    return factory.build_serial_port(settings)


def build_protocol(
    settings: RegisterSettings,
    *,
    terminal_id: str = "",
    receipt_of: Callable[[Sale | Refund, bool], Document] = lambda _sale, _copy: (),
    slip_of: Callable[[ClosedPeriod], Document] = lambda _period: (),
    paper_of: Callable[[Sale | Refund, ReceiptKind], Document] = lambda _record, _kind: (),
    certificate: Callable[[], str] = lambda: "",
    service_phone: str = "",
) -> RegisterProtocol:
    """The codec of ``register.protocol``. Raises ValueError for one that is not available yet.

    ``receipt_of`` lays out the customer's receipt of a sale or a refund, or a copy of it, for a register that prints it
    itself, and ``slip_of`` an end of day. ``paper_of`` is whatever our own printer prints of it. ``certificate`` is the
    SHA-256 of the one that register programs are to trust. ``service_phone`` stands in sentences that name service.
    """
    match settings.protocol:
        case "line":
            from terminal.register.line.codec import LineProtocol

            return LineProtocol(settings.amount_decimals)
        case "zvt":
            from terminal.register.zvt.codec import ZvtProtocol

            return ZvtProtocol(
                settings.amount_decimals,
                terminal_id=terminal_id,
                accept_foreign_currency_code=settings.accept_foreign_currency_code,
                receipt_of=receipt_of,
                slip_of=slip_of,
                over_network=settings.port.startswith(NETWORK),
                length_bytes=LENGTH_BYTES[settings.length_frame],
                without=_unbearable(settings),
            )
        case "concert":
            from terminal.register.concert.codec import ConcertProtocol

            return ConcertProtocol(
                settings.amount_decimals,
                immediate_answer=settings.immediate_answer,
                cancelled_status=settings.cancelled_status,
                accept_foreign_currency_code=settings.accept_foreign_currency_code,
            )
        case "display":
            from terminal.register.taps.display import DisplayTap

            if settings.emulation == "plain":
                raise ValueError('register.emulation: "plain" is for a receipt printer, not for a display')
            return DisplayTap(settings.emulation, settings.total_rules)
        case "receipt":
            from terminal.register.taps.receipt import ReceiptTap

            plain, stands_alone = settings.emulation == "plain", not settings.passthrough_port
            return ReceiptTap(settings.total_rules, plain=plain, stands_alone=stands_alone)
        case "http":
            from terminal.register.http.codec import HttpProtocol
            from terminal.register.http.desk import Wording

            wording = Wording(
                terminal_id=terminal_id,
                version=__version__,
                certificate=certificate,
                receipt_of=paper_of,
                service_phone=service_phone,
            )
            return HttpProtocol(wording)
        case _:
            raise ValueError(f'register.protocol: "{settings.protocol}" is not available yet')


def _unbearable(settings: RegisterSettings) -> int:
    """What a ZVT register asks for by habit, and cannot take."""
    from terminal.register.zvt.format import Config

    without = Config.WANTS_INTERMEDIATE_STATUS if settings.intermediate_status == "never" else Config(0)
    return without | (Config.WANTS_PRINT_LINES if settings.print_lines == "never" else Config(0))
