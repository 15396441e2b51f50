"""Logging: one line an entry, priorities for the journal, nothing that names a customer."""

from __future__ import annotations

import io
import logging
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.sale.sensitive import Sensitive
from terminal.system.logs import LONGEST_LINE, is_journal, setup_logging
from terminal.system.personal import mask_personal_data
from tests.each import each_of

log = logging.getLogger("terminal.test")


def logged(level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    setup_logging(level, stream=stream, environ={})
    return stream


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[tuple[TextIO, dict[str, str], Path]]:
    """A stream as systemd connects one, the variable it sets, and where the text can be read."""
    path = tmp_path / "journal"
    with path.open("w", buffering=1, encoding="utf-8") as stream:
        status = os.fstat(stream.fileno())
        yield stream, {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}, path


def test_entries_for_the_journal_have_a_priority_and_no_time(journal: tuple[TextIO, dict[str, str], Path]) -> None:
    stream, environ, path = journal
    setup_logging("debug", stream=stream, environ=environ, journal_socket=path.parent / "none")

    log.debug("d")
    log.info("i")
    log.warning("w")
    log.error("e")
    log.critical("c")

    assert path.read_text().splitlines() == [
        "<7>terminal.test: d",
        "<6>terminal.test: i",
        "<4>terminal.test: w",
        "<3>terminal.test: e",
        "<2>terminal.test: c",
    ]


@pytest.mark.parametrize("value", ["", "1:2", "x", "1:2:3", "a:b"])
def test_another_stream_than_the_journals_is_not_taken_for_it(tmp_path: Path, value: str) -> None:
    with (tmp_path / "log").open("w") as stream:
        assert not is_journal(stream, {"JOURNAL_STREAM": value})
    assert not is_journal(io.StringIO(), {"JOURNAL_STREAM": "1:2"})


def test_entries_for_a_window_have_time_and_level() -> None:
    stream = logged()

    log.warning("paper is %s", "low")

    stamp, rest = stream.getvalue()[:19], stream.getvalue()[19:]
    time.strptime(stamp, "%Y-%m-%d %H:%M:%S")
    assert rest == " WARNING terminal.test: paper is low\n"


def test_level_holds_back_what_is_below_it() -> None:
    stream = logged("warning")

    log.info("not this")
    log.warning("this")

    assert [line.split(": ")[1] for line in stream.getvalue().splitlines()] == ["this"]


def test_setting_up_twice_writes_once() -> None:
    logged()
    stream = logged()

    log.info("once")

    assert stream.getvalue().count("once") == 1


def fail() -> None:
    raise ConnectionError("line 1\nline 2")


def test_an_exception_is_one_line() -> None:
    stream = logged("info")
    try:
        fail()
    except ConnectionError:
        log.exception("the call failed")

    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith(r"terminal.test: the call failed: ConnectionError: line 1\nline 2" + "\n")


def test_an_exception_group_tells_what_is_in_it() -> None:
    stream = logged("info")
    log.error("tasks failed", exc_info=ExceptionGroup("two", [ValueError("a"), ExceptionGroup("in", [OSError("b")])]))

    assert "tasks failed: ValueError: a; OSError: b" in stream.getvalue()


def test_the_traceback_is_shown_at_debug_as_entries_of_that_level(
    journal: tuple[TextIO, dict[str, str], Path],
) -> None:
    stream, environ, path = journal
    setup_logging("debug", stream=stream, environ=environ)
    try:
        fail()
    except ConnectionError:
        log.exception("the call failed")

    first, *rest = path.read_text().splitlines()
    assert first.startswith("<3>terminal.test: the call failed: ConnectionError")
    assert any("in fail" in line for line in rest)
    assert all(line.startswith("<7>terminal.test: ") for line in rest)


@given(st.text())
def test_any_text_is_one_printable_line(text: str) -> None:
    stream = logged()

    log.info("%s", text)

    assert stream.getvalue()[:-1].isprintable()
    assert stream.getvalue().endswith("\n")


def test_a_long_text_is_cut() -> None:
    stream = logged()

    log.info("x" * 100_000)

    assert LONGEST_LINE < len(stream.getvalue()) < LONGEST_LINE + 100


PERSONAL = [
    "1201743399",
    "120174-3399",
    "kt. 1201743399.",
    "kennitala=1201743399,",
    "8223281",
    "822-3281",
    "822 3281",
    "+3548223281",
    "+354 822 3281",
    "003548223281",
    "customer=8223281",
    "5000041234",
    "500004 1234",
    "code5000041234x",
    "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1Q==",
]


@each_of("text", PERSONAL)
@each_of("around", ["{}", "customer {} declined", '{{"Body": "{}"}}', "<{}>", "{}:"])
def test_personal_data_and_keys_are_masked(text: str, around: str) -> None:
    digits = [run for run in text.replace("-", " ").split() if run]

    masked = mask_personal_data(around.format(text))

    assert "***" in masked
    assert not any(part in masked for part in digits if any(char.isdigit() for char in part) and len(part) > 3)


def test_an_identifier_in_a_request_is_masked_whatever_it_looks_like() -> None:
    body = '{"Amount":1990,"CustomerId" : "abc","Identifier":"9F2K"}'

    assert mask_personal_data(body) == '{"Amount":1990,"CustomerId" : "***","Identifier":"***"}'


HARMLESS = [
    "sale 17: captured -> report, approved",
    "1.990 kr.",
    "8.223.281 kr.",
    "8223281 kr.",
    "amount_kr=8223281",
    "PAY 7500000 ID=42",
    "OK 7500000 ID=42 REF=881E674F-7891-4C20-AFD8-56FE2624C4B5",
    "881E674F-7891-4C20-AFD8-56FE2624C4B5",
    "12345678-1234-1234-1234-123456789012",
    "T1-000123-482913",
    "T1-8223281-4829AF",
    "nonce 639000000000000000",
    "after 1732368000.25 s",
    "signature 8ff35684c44ae5279f16f5b024b80a7f4de18f45b71aafc9c03a2f07ac3e9856",
    "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0",
    "/var/lib/netgiro-terminal/journal.db: 12345678 bytes",
    "http://127.0.0.1:8023",
    "2026-11-23T14:03:22Z",
    "5551234",
]


@each_of("text", HARMLESS)
def test_amounts_guids_references_and_times_stay(text: str) -> None:
    assert mask_personal_data(text) == text


def test_masking_holds_for_messages_arguments_and_exceptions() -> None:
    stream = logged("debug")
    try:
        raise ValueError("phone 8223281")
    except ValueError:
        log.exception("customer %s, code %s", 1201743399, Sensitive("5000041234"))

    assert "customer ***, code Sensitive(***): ValueError: phone ***" in stream.getvalue()
    assert not any(number in stream.getvalue() for number in ("1201743399", "8223281", "5000041234"))


def test_an_entry_that_cannot_be_made_loses_its_arguments_too(capsys: pytest.CaptureFixture[str]) -> None:
    stream = logged()

    log.info("%d", "8223281")

    assert "the entry of line" in stream.getvalue()
    assert "8223281" not in stream.getvalue() + "".join(capsys.readouterr())


def test_a_closed_stream_is_survived(capsys: pytest.CaptureFixture[str]) -> None:
    stream = logged()
    stream.close()

    log.info("nobody reads this")

    assert capsys.readouterr() == ("", "")


def test_requests_of_the_http_library_are_not_logged() -> None:
    stream = logged("debug")

    with httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(200))) as client:
        client.get("https://api.netgiro.is/v1/8223281")

    assert stream.getvalue() == ""


def test_warnings_of_libraries_are_entries() -> None:
    stream = logged()

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old\nway", stacklevel=1)

    assert stream.getvalue().count("\n") == 1
    assert "py.warnings: " in stream.getvalue()
