"""The service's callbacks on their way into the loop and back: only with ``confirmation = "server_callback"``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.config.addresses import parse_listen
from terminal.config.schema import Config
from terminal.journal.thread import Journal
from terminal.loop.inbox import Inbox
from terminal.loop.loop import Loop
from terminal.sale.effects import AcknowledgeCallback
from terminal.sale.events import CallbackReceived
from terminal.sale.sale import Sale

if TYPE_CHECKING:
    from terminal.netgiro.callback import Callback
    from terminal.system.web import WebServer


async def start_callback_listener(config: Config, loop: Loop, inbox: Inbox, journal: Journal) -> WebServer:
    """Raises TerminalError if the address cannot be had."""
    from terminal.netgiro import callback  # noqa: PLC0415  only when configured
    from terminal.system.web import WebServer  # noqa: PLC0415

    taken = CallbackAnswers(loop, inbox, journal).is_acknowledged
    settings, netgiro = config.callback, config.netgiro
    if netgiro.api == "v2":
        listener = callback.create_unsigned_callback_listener(netgiro.api_key, taken)
    else:
        listener = callback.create_callback_listener(settings.public_url, netgiro.secret_key, taken)
    server = WebServer(listener, *parse_listen(settings.listen))
    await server.start()
    return server


class CallbackAnswers:
    """Which callback is answered with 200: only one that the sale on disk has taken in, or that says what it says."""

    def __init__(self, loop: Loop, inbox: Inbox, journal: Journal) -> None:
        self._loop = loop
        self._inbox = inbox
        self._journal = journal

    async def is_acknowledged(self, callback: Callback) -> bool:
        """Whether Netgíró may hear "yes", as the decision about this sale says. False if no sale has the reference."""
        sale = self._loop.view.sale
        if sale is None or sale.reference != callback.reference:
            sale = await self._ended_sale(callback.reference)
        if sale is None:
            return False
        fits = callback.fits(sale.amount_kr, sale.authorization_id)
        decision = await self._inbox.put_and_wait(CallbackReceived(sale.number, callback.approved, fits))
        return any(isinstance(effect, AcknowledgeCallback) for effect in decision.effects)

    async def _ended_sale(self, reference: str) -> Sale | None:
        entries = await self._journal.call(self._journal.file.entries_of, reference)
        sale = entries[-1].sale if entries else None
        return sale if sale is not None and sale.reference == reference else None
