"""How ``[http]`` and the settings around it must fit together. Every sentence begins with the key to change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from terminal.config.addresses import parse_listen

if TYPE_CHECKING:
    from terminal.config.schema import Config


def programs_problems(config: Config) -> Iterator[str]:
    """Whatever would keep register programs from calling, or let others in."""
    try:
        _, port = parse_listen(config.http.listen)
    except ValueError:
        yield 'http.listen: must be an address and a port such as "127.0.0.1:8026" or "192.168.1.20:8026"'
        return
    for origin in config.http.allowed_origins:
        if not re.fullmatch(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?", origin):
            yield f'http.allowed_origins: "{origin}" is no origin such as "https://pos.example.is", without a path'
    if config.register.protocol != "http":
        return
    if config.register.amount_decimals:
        yield 'register.amount_decimals: register.protocol = "http" knows whole kronur only; set it to 0'
    others = {"panel.listen": config.panel.listen, "metrics.listen": config.metrics.listen}
    yield from (
        f"http.listen: the same address as {key}; choose another port"
        for key, listen in others.items()
        if port and listen == config.http.listen
    )
