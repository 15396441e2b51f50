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
        case _:
            raise ValueError(f'register.protocol: "{settings.protocol}" is not available yet')
