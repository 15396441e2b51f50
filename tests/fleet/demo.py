"""``make office-demo``: PostgreSQL, the collector with its page, and counters that sell by themselves.

Until Ctrl-C, SIGTERM or a closed terminal window (SIGHUP). Each of them also ends what was started here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from terminal.office.page import logins
from terminal.office.server import access
from terminal.office.server.database import connect
from terminal.sale.sensitive import Sensitive
from tests.fleet.counters import Counter
from tests.fleet.office import TOKEN, Office, running_office
from tests.postgres import NOT_THERE, find_binaries

SHOPS = ("Laugavegur", "Kringlan", "Akureyri")
NAME, PASSWORD = "demo", "demo-demo"
SALE_EVERY_S = 10.0


def main() -> int:
    if find_binaries() is None:
        print(NOT_THERE, file=sys.stderr)
        return 2
    logging.disable(logging.WARNING)  # the counters' own
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory(prefix="office-demo-") as folder,
        contextlib.suppress(KeyboardInterrupt),
        running_office(Path(folder), 1) as office,
    ):
        asyncio.run(_sell(office))
    return 0


async def _sell(office: Office) -> None:
    url = office.collectors[0].url
    counters = [Counter(n, random.randrange(1 << 30), [url], TOKEN, _now) for n in range(len(SHOPS))]
    async with await connect(Sensitive(office.database)) as connection:
        await logins.keep_person(connection, NAME, PASSWORD, "operate")
        for counter, shop in zip(counters, SHOPS, strict=True):
            await access.make_code(connection, counter.terminal, shop)
    print(f"The page   {url}/   name: {NAME}, password: {PASSWORD}", flush=True)
    for counter in counters:
        counter.start()
    await asyncio.gather(*(counter.sell(SALE_EVERY_S, asyncio.sleep) for counter in counters))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


if __name__ == "__main__":
    sys.exit(main())
