"""The receipt printer: the simulated machine, and the same questions over real ptys, sockets and files."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import tty
from collections.abc import Awaitable, Callable
from typing import cast

import pytest
from PIL import Image

from hardware.factory import build_printer
from hardware.interfaces import Cut, DeviceError, PrinterError, PrinterStatus, TextLine
from hardware.printer.driver import EscposPrinter
from hardware.printer.encoder import LINES_PER_PIECE
from hardware.printer.status import (
    IN_ORDER,
    OFFLINE_CAUSE,
    PAPER_SENSOR,
    PRINTER,
    REPORT_BY_ITSELF,
)
from hardware.settings import PrinterSettings
from hardware.simulated import SimulatedPrinter
from tests.each import each_of
from tests.patience import at_most

RECEIPT = [TextLine("Netgíró", bold=True, double=True), TextLine("Samtals 1.990 kr."), Cut()]


def use(scenario: Callable[[SimulatedPrinter], Awaitable[None]]) -> None:
    async def main() -> None:
        printer = SimulatedPrinter()
        await printer.open()
        async with asyncio.timeout(at_most(10)):
            await scenario(printer)
        await printer.close()

    asyncio.run(main())


def test_a_receipt_is_kept_as_bytes_text_and_picture():
    async def scenario(printer: SimulatedPrinter) -> None:
        await printer.print_document(RECEIPT)
        (receipt,) = printer.receipts
        assert (receipt.id, receipt.cut) == (1, True)
        assert receipt.text.rstrip() == "Netgíró\nSamtals 1.990 kr."
        assert receipt.data.startswith(b"\x1b@\x1c.\x1bt\x13")
        assert receipt.data.endswith(b"\x1dV\x01")
        picture = Image.open(io.BytesIO(receipt.png()))
        assert picture.width == 48 * 12 + 48
        assert Image.open(io.BytesIO(receipt.png(scale=2))).size == (2 * picture.width, 2 * picture.height)

    use(scenario)


def test_without_a_cut_the_paper_hangs_in_the_printer_and_the_next_document_follows_on_it():
    async def scenario(printer: SimulatedPrinter) -> None:
        await printer.print_document([TextLine("eitt")])
        assert [(receipt.text, receipt.cut) for receipt in printer.receipts] == [("eitt\n", False)]
        await printer.print_document([TextLine("tvö"), Cut()])
        assert [receipt.text.split() for receipt in printer.receipts] == [["eitt", "tvö"]]

    use(scenario)


@each_of(
    ("fault", "status"),
    [
        ({"paper": "out"}, PrinterStatus.PAPER_OUT),
        ({"cover": "open"}, PrinterStatus.COVER_OPEN),
        ({"online": False}, PrinterStatus.OFFLINE),
        ({"cover": "open", "paper": "out"}, PrinterStatus.COVER_OPEN),
    ],
)
def test_a_fault_is_reported_before_anything_is_printed(fault, status):
    async def scenario(printer: SimulatedPrinter) -> None:
        for name, value in fault.items():
            setattr(printer, name, value)
        assert await printer.status() is status
        with pytest.raises(PrinterError, match="nothing was printed") as caught:
            await printer.print_document(RECEIPT)
        assert caught.value.status is status
        assert not caught.value.may_be_on_paper
        assert printer.receipts == []

    use(scenario)


def test_low_paper_is_no_fault():
    async def scenario(printer: SimulatedPrinter) -> None:
        printer.paper = "low"
        assert await printer.status() is PrinterStatus.OK
        await printer.print_document(RECEIPT)

    use(scenario)


def test_paper_that_runs_out_half_way_prints_what_fits_and_raises():
    async def scenario(printer: SimulatedPrinter) -> None:
        printer.lines_left = 3
        with pytest.raises(PrinterError, match="may be incomplete") as caught:
            await printer.print_document([TextLine(f"lína {number}") for number in range(10)])
        assert caught.value.status is PrinterStatus.PAPER_OUT
        assert caught.value.may_be_on_paper
        assert printer.receipts[0].text == "lína 0\nlína 1\nlína 2\n"
        printer.paper = "ok"
        await printer.print_document(RECEIPT)
        assert [receipt.cut for receipt in printer.receipts] == [False, True]
        assert "Samtals" in printer.receipts[1].text
        assert "lína" not in printer.receipts[1].text

    use(scenario)


def test_a_printer_that_says_nothing_is_trusted():
    async def scenario(printer: SimulatedPrinter) -> None:
        printer.answers = False
        assert await printer.status() is PrinterStatus.UNKNOWN
        await printer.print_document(RECEIPT)
        assert len(printer.receipts) == 1

    use(scenario)


def test_a_printer_that_falls_silent_while_it_prints_is_not():
    async def scenario(printer: SimulatedPrinter) -> None:
        def dies() -> None:
            if printer.answers:
                printer.answers = False

        printer.on_change = dies
        with pytest.raises(PrinterError, match="is it whole") as caught:
            await printer.print_document(RECEIPT)
        assert caught.value.status is PrinterStatus.UNKNOWN
        assert caught.value.may_be_on_paper

    use(scenario)


def test_a_wrong_profile_is_a_printer_error_with_the_key_to_correct():
    async def main() -> None:
        printer = SimulatedPrinter(codepage="CP999")
        await printer.open()
        with pytest.raises(PrinterError, match=r"choose another printer.codepage \(nothing was printed\)"):
            await printer.print_document(RECEIPT)

    asyncio.run(main())


def test_changes_are_announced_and_old_receipts_forgotten():
    async def scenario(printer: SimulatedPrinter) -> None:
        changes = []
        printer.on_change = lambda: changes.append(len(printer.receipts))
        printer.paper = "low"
        for _ in range(55):
            await printer.print_document([TextLine("x"), Cut()])
        assert sorted(set(changes))[:3] == [0, 1, 2]
        assert [printer.receipts[0].id, printer.receipts[-1].id] == [6, 55]

    use(scenario)


@pytest.mark.parametrize(("name", "value"), [("paper", "gone"), ("cover", "ajar")])
def test_a_setting_that_does_not_exist_is_refused(name, value):
    with pytest.raises(ValueError, match="it can be"):
        setattr(SimulatedPrinter(), name, value)


class FarEnd:
    """A printer's own side of a line: takes bytes, answers status questions as it is told."""

    def __init__(self, **answers: bytes) -> None:
        self.answers = {PRINTER: b"\x12", PAPER_SENSOR: b"\x12", OFFLINE_CAUSE: b"\x12", IN_ORDER: b"\x00"}
        self.answers[REPORT_BY_ITSELF] = b"\x10\x00\x00\x00"
        self.answers |= {globals()[name]: answer for name, answer in answers.items()}
        self.printed = self.heard = b""
        self.on_question: Callable[[bytes], None] = lambda _question: None
        self.connections = 0
        self.connected = 0
        """How often."""
        self.hung_up = asyncio.Event()
        self.lines: set[asyncio.Transport] = set()

    def hang_up(self) -> None:
        for line in self.lines:
            line.abort()

    async def until_hung_up(self) -> None:
        while self.connections:
            self.hung_up.clear()
            await self.hung_up.wait()

    def take(self, data: bytes) -> bytes:
        self.heard += data
        asked = [question for question in self.answers if question in data]
        for question in asked:
            data = data.replace(question, b"")
        self.printed += data
        answer = b"".join(self.answers[question] for question in asked)
        for question in asked:
            self.on_question(question)
        return answer


def test_over_a_serial_line_it_asks_prints_and_waits_for_the_last_line():
    async def main() -> None:
        master, slave = pty.openpty()
        tty.setraw(slave)
        far_end = FarEnd()
        loop = asyncio.get_running_loop()
        loop.add_reader(master, lambda: os.write(master, far_end.take(os.read(master, 4096)) or b"\x11"))
        printer = build_printer(PrinterSettings(driver="serial", device=os.ttyname(slave), timeout_s=2))
        assert isinstance(printer, EscposPrinter)
        await printer.open()
        assert await printer.status() is PrinterStatus.OK
        await printer.print_document(RECEIPT)
        assert b"Samtals 1.990 kr.\n" in far_end.printed
        far_end.answers[PRINTER], far_end.answers[OFFLINE_CAUSE] = b"\x1a", b"\x32"
        assert await printer.status() is PrinterStatus.PAPER_OUT
        await printer.close()
        loop.remove_reader(master)
        os.close(master)
        os.close(slave)

    asyncio.run(main())


class Connection(asyncio.Protocol):
    """One connection to the far end's network port."""

    def __init__(self, far_end: FarEnd) -> None:
        self._far_end = far_end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._far_end.lines.add(self._transport)
        self._far_end.connections += 1
        self._far_end.connected += 1

    def data_received(self, data: bytes) -> None:
        self._transport.write(self._far_end.take(data))

    def connection_lost(self, exc: Exception | None) -> None:
        self._far_end.lines.discard(self._transport)
        self._far_end.connections -= 1
        self._far_end.hung_up.set()


async def serve(far_end: FarEnd) -> tuple[asyncio.Server, int]:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(far_end), "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


def network_printer(port: int) -> EscposPrinter:
    printer = build_printer(PrinterSettings(driver="network", host="127.0.0.1", port=port, timeout_s=1))
    assert isinstance(printer, EscposPrinter)
    return printer


def test_over_the_network_one_connection_serves_until_the_queue_is_empty():
    async def main() -> None:
        far_end = FarEnd()
        server, port = await serve(far_end)
        printer = network_printer(port)
        await printer.open()
        async with asyncio.timeout(at_most(5)):
            for _ in range(2):
                for _ in range(2):
                    await printer.print_document(RECEIPT)
                assert far_end.connections == 1
                await printer.release()
                await far_end.until_hung_up()
        await printer.close()
        server.close()
        assert far_end.printed.count(b"Samtals") == 4
        assert far_end.connected == 2
        assert REPORT_BY_ITSELF not in far_end.heard, "others use it too, and would be told"

    asyncio.run(main())


def test_a_plain_file_collects_receipts_and_has_nothing_to_say(tmp_path):
    async def main() -> None:
        path = tmp_path / "receipts.bin"
        printer = build_printer(PrinterSettings(driver="file", device=str(path)))
        assert printer is not None
        await printer.open()
        assert await printer.status() is PrinterStatus.UNKNOWN
        await printer.print_document(RECEIPT)
        await printer.print_document(RECEIPT)
        await printer.close()
        assert path.read_bytes().count("Netgíró".encode("cp858")) == 2

    asyncio.run(main())


def test_a_missing_device_file_is_not_created_but_explained():
    async def main() -> None:
        printer = build_printer(PrinterSettings(driver="file", device="/dev/usb/lp-none"))
        assert printer is not None
        with pytest.raises(DeviceError, match=r"No such file.*plugged in"):
            await printer.open()

    asyncio.run(main())
    assert not os.path.exists("/dev/usb/lp-none")


@each_of(
    ("settings", "key"),
    [
        (PrinterSettings(driver="serial"), "device"),
        (PrinterSettings(driver="file"), "device"),
        (PrinterSettings(driver="network"), "host"),
        (PrinterSettings(driver="usb"), "usb_vendor_id"),
    ],
)
def test_a_missing_address_is_named(settings, key):
    with pytest.raises(ValueError, match=f"needs {key}"):
        build_printer(settings)


def test_printer_that_is_not_there_is_looked_for_when_the_time_is_over():
    async def main() -> None:
        printer = build_printer(PrinterSettings(driver="file", device="/dev/usb/lp-none"))
        assert printer is not None
        await printer.wait_for_change(0.1)

    asyncio.run(main())


def test_long_receipt_waits_for_each_piece_and_stops_at_a_fault():
    async def scenario(printer: SimulatedPrinter) -> None:
        printer.lines_left = 100
        with pytest.raises(PrinterError, match="may be incomplete") as caught:
            await printer.print_document([TextLine(f"{number}") for number in range(200)])
        assert caught.value.status is PrinterStatus.PAPER_OUT
        (strip,) = printer.receipts
        assert strip.text.split() == [str(number) for number in range(100)]

    use(scenario)


def test_long_receipt_comes_out_whole():
    async def scenario(printer: SimulatedPrinter) -> None:
        await printer.print_document([*(TextLine(f"lína {number}") for number in range(200)), Cut()])
        (receipt,) = printer.receipts
        assert receipt.text.rstrip().split("\n") == [f"lína {number}" for number in range(200)]

    use(scenario)


def test_long_receipt_is_paced_for_a_printer_that_says_nothing(monkeypatch):
    monkeypatch.setattr("hardware.printer.driver.PACE_S", 0.1 / LINES_PER_PIECE)

    async def scenario(printer: SimulatedPrinter) -> None:
        printer.answers = False
        started_s = asyncio.get_running_loop().time()
        await printer.print_document([TextLine("x")] * 200)
        assert asyncio.get_running_loop().time() - started_s >= 4 * 0.1

    use(scenario)
