"""What the page of the chain's reconciliation says; a word that a language lacks does not type-check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class ChainWords(NamedTuple):
    chain: str
    help: str
    never: str
    ran: str
    ambiguous: str
    no_one_shop: str
    kinds: Mapping[str, str]
    """By ``terminal.office.server.payouts.Sum.found``."""


ENGLISH = ChainWords(
    chain="Payouts: the whole chain",
    help="What Netgíró paid out, held against the sales of all counters. Payouts name no counter, so they are found by "
    "amount and time. Where several sales fit, nobody chooses: that is ambiguous.",
    never="Not done yet. On the office's machine: netgiro-terminal office reconcile --from DATE --to DATE",
    ran="Done",
    ambiguous="Ambiguous",
    no_one_shop="(of no one shop)",
    kinds={
        "ambiguous": "Several sales fit",
        "uneven": "Not as many sold as paid out",
        "no_sale": "Paid out, but no sale fits",
        "not_paid_out": "Sold, but not paid out",
    },
)
ICELANDIC = ChainWords(
    chain="Uppgjör: öll keðjan",
    help="Það sem Netgíró greiddi út borið saman við sölur allra afgreiðslna. Í uppgjöri er engin afgreiðsla nefnd, "
    "svo leitað er eftir fjárhæð og tíma. Ef fleiri en ein sala passar er engin valin: það er óvíst.",
    never="Hefur ekki verið gert. Á tölvu höfuðstöðva: netgiro-terminal office reconcile --from DAGS --to DAGS",
    ran="Gert",
    ambiguous="Óvíst",
    no_one_shop="(engin ein verslun)",
    kinds={
        "ambiguous": "Fleiri en ein sala passar",
        "uneven": "Ekki jafn margar seldar og greiddar út",
        "no_sale": "Greitt út en engin sala passar",
        "not_paid_out": "Selt en ekki greitt út",
    },
)
CHAIN_WORDS: Mapping[str, ChainWords] = {"en": ENGLISH, "is": ICELANDIC}
