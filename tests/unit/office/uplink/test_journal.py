"""The journal as the uplink reads it, while the terminal writes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from terminal.errors import JournalError
from terminal.office import wire
from terminal.office.uplink.journal import JournalReader, as_json
from tests.each import each_of
from tests.unit.journal.journal_samples import append_paid, opened


def test_every_row_is_read_in_order_and_the_office_can_follow_the_chain(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal, reader = opened(tmp_path / "journal.db"), JournalReader(tmp_path / "journal.db")
        assert (await reader.end()).seq == 0
        for number in range(1, 6):
            append_paid(journal, number)
            end = await reader.end()
            assert end == (journal.chain_end().epoch, journal.chain_end().seq), "what is committed is seen at once"
        read: list[wire.Row] = []
        while rows := (await reader.rows_after(len(read), 7, 10**6))[1]:
            assert len(rows) <= 7
            read += rows
        journal.close()
        assert [row.seq for row in read] == list(range(1, end.seq + 1))
        assert wire.broken_links("", read) == []

    asyncio.run(scenario())


def test_a_batch_is_bounded_in_bytes_and_has_one_row_at_least(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal, reader = opened(tmp_path / "journal.db"), JournalReader(tmp_path / "journal.db")
        append_paid(journal, 1)
        sizes = [len(bytes(row.body)) for row in (await reader.rows_after(0, 100, 10**6))[1]]
        assert len((await reader.rows_after(0, 100, 1))[1]) == 1
        assert len((await reader.rows_after(0, 100, sum(sizes[:3])))[1]) == 3
        journal.close()

    asyncio.run(scenario())


def test_nothing_is_left_on_the_card_how_far_the_office_has_come(tmp_path: Path) -> None:
    """No cursor and no queue: a second place that remembers is one that can be wrong after a power cut."""

    def on_card() -> dict[Path, bytes]:  # -shm is memory that SQLite's readers share
        files = (path for path in tmp_path.rglob("*") if path.is_file() and not path.name.endswith("-shm"))
        return {path: path.read_bytes() for path in files}

    async def scenario() -> None:
        journal = opened(tmp_path / "journal.db")
        append_paid(journal, 1)
        before = on_card()
        reader = JournalReader(tmp_path / "journal.db")
        end, rows = await reader.rows_after(0, 100, 10**6)
        assert len(rows) == end.seq > 0
        assert on_card() == before
        journal.close()

    asyncio.run(scenario())


@each_of("body", [b'{"a":"\\ud800"}', b"{", b'"\xff"', b"", b"{}}", b'"\0"', b"[" * 5000])
def test_what_is_no_json_travels_as_a_text_and_blinds_nobody(body: bytes) -> None:
    row = wire.Row(1, "t", "entry", as_json(msgspec.Raw(body)), "a" * 64)
    batch = wire.Batch("T1", "e", [row])
    [arrived] = wire.read_batch(wire.unpack(wire.pack(batch))).rows
    assert isinstance(msgspec.json.decode(arrived.body), str)


def test_what_is_json_travels_as_it_is() -> None:
    body = msgspec.Raw(b'{"b" : 1,\t"a":"\\u00fe"}')
    assert as_json(body) is body


def test_a_journal_that_is_not_there_or_no_journal_is_an_error_that_says_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        for path in (tmp_path / "none.db", tmp_path / "text.db"):
            with pytest.raises(JournalError, match="for the office"):
                await JournalReader(path).end()

    (tmp_path / "text.db").write_text("no database" * 100)
    asyncio.run(scenario())
