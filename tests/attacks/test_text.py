"""Text that was made to steer whoever reads it: a terminal, a spreadsheet, a log, a receipt."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from terminal.commands import main as cli
from terminal.config.control_path import control_path
from terminal.config.schema import read_config
from terminal.journal.export import COLUMNS, book_rows, csv_lines, json_lines
from terminal.journal.ledger import Booking
from terminal.netgiro.client import Credentials, SignedAnswer, SignedClient
from terminal.netgiro.https import HttpsCarrier
from terminal.netgiro.nonce import NonceSource
from terminal.netgiro.v1 import status_report
from terminal.netgiro.wire import parse_answer
from terminal.register.line.codec import LineProtocol
from terminal.sale.gateway import CallLost
from terminal.sale.sale import Reason, Sale, State
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.patience import at_most

CART = "881e674f-7891-4c20-afd8-56fe2624c4b5"
CLEAR_SCREEN = "\x1b[2J\x1b]0;owned\x07"
NASTY = [CLEAR_SCREEN, "\x9b2J", "1\r\nforged line", "\u202e0991", "a\x00b", "\u2028x", "\udc9b", "\U000e0041"]


@each_of("text", [*NASTY, "x\n=cmd|' /C calc'!A0"])
def test_what_the_service_calls_an_invoice_is_kept_as_printable_text(text: str) -> None:
    body = json.dumps({"ResultCode": 200, "PaymentInfo": {"TransactionId": CART, "InvoiceNumber": text}}).encode()
    try:
        answer = parse_answer(body)
    except ValueError:
        return  # half a surrogate pair is no text at all
    report = status_report(SignedAnswer(answer, 200, None, is_vouched_for=True), CART)
    assert report.invoice_number is not None
    assert report.invoice_number.isprintable()


def a_booking(**fields: str) -> Booking:
    sale = Sale(
        number=1,
        reference="T1-000001-ABCDEF",
        register_id="1",
        amount_kr=1990,
        created="2026-11-23T12:00:00.000000Z",
        state=State.CLOSED,
        reason=Reason.PAID,
    )
    changed = msgspec.structs.replace(sale, **fields)
    return Booking("2026-11-23T12:00:01.000000Z", changed, period=None, turnover_kr=changed.amount_kr)


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r\n=cmd|' /C calc'!A0", "＝1", '"\n=1', "%0A=1"]


@each_of("field", ["register_id", "invoice_number", "authorization_id"])
@each_of("separator", [",", ";"])
@each_of("text", [*FORMULAS, *(text for text in NASTY if text.isascii()), 'a","b', "a;b"])
def test_a_sale_is_one_row_of_cells_without_formulas(field: str, separator: str, text: str) -> None:
    lines = list(csv_lines(book_rows([a_booking(**{field: text})], lambda _: None), separator=separator))
    rows = list(csv.reader(io.StringIO("\r\n".join(lines)), delimiter=separator))

    assert [len(row) for row in rows] == [len(COLUMNS)] * 2
    assert len("".join(lines).splitlines()) == 1
    assert not any(cell.lstrip()[:1] in ("=", "+", "-", "@", "＝", "|", "%") for cell in rows[1])
    assert all(cell.startswith('"') for cell in lines[1].split(f'"{separator}"')[:1])


@each_of("text", NASTY)
def test_a_register_names_no_sale_by_what_steers_a_terminal(text: str) -> None:
    asked: list[object] = []
    protocol = LineProtocol(0)
    for event in protocol.receive_data(b"PAY 1990 ID=" + text.encode("utf-8", "surrogatepass") + b"\r\n", 0.0):
        asked.append(getattr(event, "register_id", None))
    assert all(one is None or str(one).isprintable() for one in asked)


@contextmanager
def somebody_elses_daemon(config: Path, answer: dict[str, object]) -> Iterator[None]:
    """Answers every request with this."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(control_path(read_config(config, {})[0])))
        listener.listen()
        listener.settimeout(at_most(10))

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(msgspec.json.encode(answer) + b"\n")

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield
        serving.join(at_most(10))


@pytest.mark.parametrize("words", [["status"], ["settle", "7", "paid"], ["end-of-day"], ["restart"]])
def test_a_false_daemon_steers_no_terminal(words: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[journal]\npath = "journal.db"\n')
    with somebody_elses_daemon(config, {"ok": False, "error": f"no {CLEAR_SCREEN}\nforged"}):
        assert cli.main([*words, "--config", str(config)]) == 1
    said = capfd.readouterr()
    assert (said.out + said.err).replace("\n", "").isprintable()
    assert (said.out + said.err).count("\n") == 1


def test_what_is_printed_for_programs_is_still_json(capfd: pytest.CaptureFixture[str]) -> None:
    for text in NASTY[:-2]:
        line = next(iter(json_lines(book_rows([a_booking(invoice_number=text)], lambda _: None))))
        print(line, file=cli._shown(sys.stdout))
        printed = capfd.readouterr().out
        assert printed.removesuffix("\n").isprintable()
        assert json.loads(printed)["invoice_number"] == text


def test_an_unknown_sale_is_named_in_one_printable_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[journal]\npath = '\x1b'")
    assert cli.main(["check-config", "--config", str(tmp_path / CLEAR_SCREEN.replace("/", ""))]) == 1
    assert cli.main(["check-config", "--config", str(config)]) == 1
    said = capfd.readouterr()
    assert (said.out + said.err).replace("\n", "").isprintable()


def test_a_header_of_the_service_is_kept_as_printable_text() -> None:
    headers = httpx.Headers([(b"netgiro_referenceId", b"abc\x9b2J\xff\x07")])

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(500, headers=headers)

    async def ask() -> str | None:
        async def reserve(_high_water: int, _answers_signed: bool) -> None: ...

        carrier = HttpsCarrier("https://netgiro.example", transport=httpx.MockTransport(answer))
        nonces = NonceSource(0, reserve, lambda: 0.0)
        client = SignedClient(carrier, "https://netgiro.example", Credentials("id", Sensitive("key")), nonces)
        with pytest.raises(CallLost) as lost:
            await client.post("/checkout/CheckCart", {})
        return lost.value.support_reference

    kept = asyncio.run(ask())
    assert kept is not None
    assert kept.isprintable()
    assert kept.startswith("abc2J")
