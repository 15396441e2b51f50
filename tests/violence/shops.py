"""The shops that the storm goes over: each API, each way to pay, two kinds of register."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.integration.counter import Settings, ShopCounter, merged
from tests.integration.netgiro import NetgiroProcess
from tests.integration.zvt_cable import ZvtShop
from tests.violence.tills import LineTill, Till, ZvtTill

Trouble = Mapping[str, str | float]


class Shop(NamedTuple):
    """What is particular about one."""

    name: str
    api: str = "v1"
    confirmation: str = "manual"
    protocol: str = "line"

    @property
    def troubles(self) -> list[Trouble]:
        """What goes wrong at Netgíró beside the kills. A late InsertCart could pay by itself: there is none."""
        begin, look, pay = (
            ("payment", "status", "capture") if self.api == "v2" else ("InsertCart", "CheckCart", "ConfirmCart")
        )
        return [
            {"fault": "slow", "call": pay, "seconds": 0.15},
            {"fault": "slow_before", "call": pay, "seconds": 0.15},
            {"fault": "slow", "call": begin, "seconds": 0.1},
            {"fault": "slow", "call": look, "seconds": 0.1},
            {"fault": "lost_after", "call": pay},
            {"fault": "lost_before", "call": pay},
            {"fault": "lost_after", "call": begin},
        ]

    def open(self, folder: Path, netgiro: NetgiroProcess) -> tuple[ShopCounter, Till]:
        """Its terminal, not started, and its register."""
        netgiro.set(finds_by_reference=True)
        settings: Settings = {
            "netgiro": {
                "api": self.api,
                "base_url": f"{netgiro.base_url}/{self.api}",
                "confirmation": self.confirmation,
                **({"partner_url": f"{netgiro.base_url}/partner"} if self.api == "v1" else {}),
            },
            "sale": {"void_patience_s": 2.0},
        }
        if self.protocol == "zvt":
            shop = ZvtShop(folder, netgiro)
            shop.settings = merged(shop.settings, settings)
            return shop, ZvtTill(shop)
        counter = ShopCounter(folder, netgiro, settings)
        return counter, LineTill(counter)


SHOPS = (
    Shop("v1-manual"),
    Shop("v2-manual-zvt", api="v2", protocol="zvt"),
    Shop("v1-automatic", confirmation="automatic"),
    Shop("v2-manual", api="v2"),
)

REFUND_TROUBLES: tuple[Trouble, ...] = (
    {"fault": "slow", "call": "refund", "seconds": 0.15},
    {"fault": "slow_before", "call": "refund", "seconds": 0.15},
    {"fault": "lost_after", "call": "refund"},
    {"fault": "lost_before", "call": "refund"},
    {"fault": "http_500_after", "call": "refund"},
    {"fault": "truncated", "call": "refund"},
)
