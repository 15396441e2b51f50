"""From settings to the register's protocol. A codec's module is imported only if it is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.register.protocol import RegisterProtocol

if TYPE_CHECKING:
    from terminal.config import RegisterSettings

# The imports inside the function are the point of this module.
# ruff: noqa: PLC0415


def build_protocol(settings: RegisterSettings) -> RegisterProtocol:
    """The codec of ``register.protocol``. Raises ValueError for one that is not available yet."""
    match settings.protocol:
        case "line":
            from terminal.register.line import LineProtocol

            return LineProtocol(settings.amount_decimals)
        case "concert":
            from terminal.register.concert import ConcertProtocol

            return ConcertProtocol(
                settings.amount_decimals,
                immediate_answer=settings.immediate_answer,
                cancelled_status=settings.cancelled_status,
                accept_foreign_currency_code=settings.accept_foreign_currency_code,
            )
        case "display":
            from terminal.register.display_tap import DisplayTap

            return DisplayTap(settings.emulation, settings.total_rules)
        case _:
            raise ValueError(f'register.protocol: "{settings.protocol}" is not available yet')
