"""A counter for the panel's tests: the simulated printer and sandbox, and a terminal just clever enough for one sale.

It stands in for the real terminal so that the panel can be tested and looked at alone:
``python -m tests.panel_fake --port 8123``.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
from collections import deque
from datetime import UTC, datetime
from typing import Any, Literal

from PIL import Image, ImageDraw, ImageFont
from starlette.applications import Starlette

from hardware.interfaces import Cut, TextLine
from hardware.simulated import SimulatedPrinter
from terminal.netgiro.sandbox import Sandbox, build_sandbox, sandbox_routes
from terminal.panel.backend import (
    PanelState,
    PrinterCondition,
    ReceiptSummary,
    RegisterInfo,
    RegisterMessage,
    SaleSummary,
)
from terminal.panel.changes import Changes, Part
from terminal.panel.server import create_panel
from terminal.sale.money import format_kr


class FakeCounter:
    """A ``PanelBackend``. Phones only; a digit is shown as a dot, ``*`` gives up, ``#`` asks the sandbox."""

    def __init__(self) -> None:
        self.changes = Changes()
        self.pressed = self.held = ""
        self.device = SimulatedPrinter(columns=48)
        self.device.on_change = lambda: self.changes.publish(Part.RECEIPTS, Part.PRINTER)
        self.sandbox: Sandbox = build_sandbox(on_change=self._sandbox_changed)
        self._log: deque[RegisterMessage] = deque(maxlen=200)
        self._sale: SaleSummary | None = None
        self._result: SaleSummary | None = None
        self._digits = ""
        self._cart = ""
        self._tasks: set[asyncio.Task[None]] = set()

    # PanelBackend

    def state(self) -> PanelState:
        return PanelState(
            state=self._sale.state if self._sale else "idle",
            sale=self._sale,
            result=self._result,
            display=self._lines(),
            printer={"out": "paper_out"}.get(self.device.paper, "ok"),
        )

    async def display_png(self) -> bytes:
        picture = Image.new("1", (128, 64))
        font = ImageFont.truetype("DejaVuSans.ttf", 13)
        for row, line in enumerate(self._lines()):
            ImageDraw.Draw(picture).text((2, 4 + 19 * row), line, fill=1, font=font)
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        return buffer.getvalue()

    async def press(self, keys: str, *, hold: bool = False) -> None:
        for key in keys:
            self.pressed += key
            self._press_one(key)
        self.held = keys[-1] if hold else ""
        self.changes.publish(Part.STATE, Part.DISPLAY)

    def register_info(self) -> RegisterInfo:
        return RegisterInfo("/dev/pts/7", "line")

    async def register_send(self, text: str) -> None:
        self._note("panel", text)
        verb, *rest = text.split()
        name = next((word[3:] for word in rest if word.startswith("ID=")), "1")
        if verb == "PAY" and self._sale is not None:
            self._note("terminal", f"ERR BUSY ID={name}")
        elif verb == "PAY" and rest[0].isdigit():
            self._result, self._digits, self._cart = None, "", ""
            self._sale = SaleSummary(number=1, register_id=name, amount_kr=int(rest[0]), state="entry")
            self._note("terminal", f"WAIT ID={name}")
        elif verb == "CANCEL" and self._sale is not None:
            self._note("terminal", f"WAIT ID={name}")
            self._cancel()
        elif verb == "PING":
            self._note("terminal", "PONG")
        else:
            self._note("terminal", f"ERR SYNTAX {text[:20]}")
        self.changes.publish(Part.STATE, Part.DISPLAY)

    def register_log(self) -> list[RegisterMessage]:
        return list(self._log)

    def receipts(self) -> list[ReceiptSummary]:
        return [
            ReceiptSummary(
                id=receipt.id, kind=("merchant", "customer")[receipt.id % 2], text=receipt.text, finished=receipt.cut
            )
            for receipt in self.device.receipts
        ]

    async def receipt_png(self, receipt_id: int) -> bytes:
        return self._receipt(receipt_id).png()

    def receipt_bin(self, receipt_id: int) -> bytes:
        return bytes(self._receipt(receipt_id).data)

    def printer(self) -> PrinterCondition:
        return PrinterCondition(paper=self.device.paper, online=self.device.online, cover=self.device.cover)

    def set_printer(self, condition: PrinterCondition) -> None:
        self.device.paper, self.device.online, self.device.cover = condition.paper, condition.online, condition.cover
        self.changes.publish(Part.STATE)

    # Within

    def app(self) -> Starlette:
        return create_panel(self, sandbox_routes(self.sandbox), for_everybody=True)

    async def aclose(self) -> None:
        await asyncio.gather(*self._tasks)
        await self.sandbox.aclose()

    async def print_receipt(self, *lines: TextLine) -> None:
        await self.device.open()
        await self.device.print_document([*lines, Cut()])

    def _lines(self) -> tuple[str, ...]:
        if self._result is not None:
            return (str(self._result.outcome).upper(), format_kr(self._result.amount_kr))
        if self._sale is None:
            return ("Netgíró", "", "Tilbúið")
        if self._sale.state == "customer":
            return (format_kr(self._sale.amount_kr), "Samþykktu í appinu", "* hætta við")
        return (format_kr(self._sale.amount_kr), "Símanúmer?", "•" * len(self._digits))

    def _receipt(self, receipt_id: int) -> Any:
        for receipt in self.device.receipts:
            if receipt.id == receipt_id:
                return receipt
        raise LookupError(f"there is no receipt {receipt_id}")

    def _note(self, sender: Literal["panel", "program", "terminal"], text: str) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._log.append(RegisterMessage(time=now, sender=sender, text=text))
        self.changes.publish(Part.REGISTER)

    def _press_one(self, key: str) -> None:
        if self._sale is None or self._sale.state != "entry":
            return
        if key == "*" and not self._digits:
            self._cancel()
        elif key == "*":
            self._digits = ""
        elif key == "#":
            self._ask_sandbox(self._sale)
        elif key.isdigit():
            self._digits += key

    def _ask_sandbox(self, sale: SaleSummary) -> None:
        order = {"Amount": sale.amount_kr, "Reference": "T1-1", "CustomerId": self._digits, "ConfirmationType": 2}
        answer = self._call("InsertCart", order)
        if answer["Success"]:
            self._cart = answer["TransactionId"]
            self._sale = SaleSummary(number=1, register_id=sale.register_id, amount_kr=sale.amount_kr, state="customer")
        self._digits = ""

    def _call(self, call: str, order: dict[str, Any]) -> dict[str, Any]:
        return self.sandbox.perform(call, json.dumps(order).encode())[1]

    def _sandbox_changed(self) -> None:
        self.changes.publish(Part.CARTS)
        cart = self.sandbox.book.find(self._cart) if self._cart else None
        if cart is None or self._sale is None:
            return
        match cart.state.value:
            case "reserved":
                self._call("ConfirmCart", {"TransactionId": self._cart})
            case "paid":
                self._end("approved", f"OK {self._sale.amount_kr} ID={self._sale.register_id} REF={self._cart}")
                task = asyncio.get_running_loop().create_task(self._print_both())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case "declined":
                self._end("declined", f"NO DECLINED ID={self._sale.register_id} Viðskiptavinur hafnaði")

    def _cancel(self) -> None:
        if self._cart:
            self._call("CancelCart", {"TransactionId": self._cart})
        if self._sale is not None:
            self._end("cancelled", f"NO CANCELLED ID={self._sale.register_id} Hætt við")

    def _end(self, outcome: str, line: str) -> None:
        sale = self._sale
        assert sale is not None
        self._note("terminal", line)
        self._sale, self._cart = None, ""
        self._result = SaleSummary(
            number=1, register_id=sale.register_id, amount_kr=sale.amount_kr, state="closed", outcome=outcome
        )
        self.changes.publish(Part.STATE, Part.DISPLAY)

    async def _print_both(self) -> None:
        for copy in ("EINTAK VIÐSKIPTAVINAR", "EINTAK SÖLUAÐILA"):
            await self.print_receipt(
                TextLine("Verslunin við tjörnina", align="center", bold=True, double=True),
                TextLine("kt. 550101-2340", align="center"),
                TextLine(),
                TextLine(f"{'Upphæð':<24}{'1.990 kr.':>24}", bold=True),
                TextLine(f"{'Greitt með':<24}{'Netgíró':>24}"),
                TextLine(f"{'Sími':<24}{'••• ••81':>24}"),
                TextLine(f"{'Kvittun':<24}{'000001':>24}"),
                TextLine(),
                TextLine(copy, align="center"),
            )


def main() -> None:
    import uvicorn  # noqa: PLC0415

    parser = argparse.ArgumentParser(description="The panel over a fake counter, to look at.")
    parser.add_argument("--port", type=int, default=8123)
    port = parser.parse_args().port

    async def serve() -> None:
        counter = FakeCounter()
        await uvicorn.Server(uvicorn.Config(counter.app(), port=port, log_level="warning")).serve()

    asyncio.run(serve())


if __name__ == "__main__":
    main()
