"""The office takes every row once, says how far it has come, and keeps what should not be as an alarm."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable

import httpx
import msgspec
import pytest
from msgspec.structs import replace

from terminal.office import compact, wire
from terminal.office.wire import Row
from terminal.sale.sale import Reason, State
from tests.office_bench import TOKEN, Office, chained, running_office, sale_rows

THREE_SALES = chained([row for number in (1, 2, 3) for row in sale_rows(number)])


def at_office(database: str, work: Callable[[Office], Awaitable[None]]) -> None:
    async def run() -> None:
        async with running_office(database) as office:
            await work(office)

    asyncio.run(run())


async def kept(office: Office) -> list[Row]:
    rows = await office.rows("SELECT seq, at, kind, body, hash FROM journal ORDER BY terminal, epoch, seq")
    return [Row(seq, at, kind, msgspec.Raw(body.encode()), its_hash) for seq, at, kind, body, its_hash in rows]


def test_rows_are_kept_as_they_were_sent_and_the_answer_says_how_far(database: str) -> None:
    async def work(office: Office) -> None:
        answer = await office.send(THREE_SALES)
        assert (answer.status_code, answer.json()) == (200, {"have": 9})
        assert await kept(office) == THREE_SALES
        assert await office.have() == {"have": 9}

    at_office(database, work)


def test_an_unknown_journal_has_nothing_yet(database: str) -> None:
    async def work(office: Office) -> None:
        assert await office.have("T9", "never") == {"have": 0}
        assert (await office.send([])).json() == {"have": 0}

    at_office(database, work)


def test_the_same_rows_again_are_nothing(database: str) -> None:
    async def work(office: Office) -> None:
        await office.send(THREE_SALES[:6])
        assert (await office.send(THREE_SALES)).json() == {"have": 9}
        assert (await office.send(THREE_SALES[2:5])).json() == {"have": 9}
        assert await kept(office) == THREE_SALES
        assert await office.rows("SELECT count(*) FROM alarm") == [(0,)]

    at_office(database, work)


def test_rows_behind_a_gap_are_left_for_later(database: str) -> None:
    async def work(office: Office) -> None:
        assert (await office.send(THREE_SALES[3:])).json() == {"have": 0}
        assert (await office.send([*THREE_SALES[:2], *THREE_SALES[5:]])).json() == {"have": 2}
        assert (await office.send(THREE_SALES[2:])).json() == {"have": 9}
        assert await kept(office) == THREE_SALES

    at_office(database, work)


@pytest.mark.parametrize(
    "change",
    [
        {"body": msgspec.Raw(b'{"sale":{"amount_kr":1}}')},
        {"at": "2026-11-30T12:00:00.001Z"},
        {"kind": "receipt"},
        {"hash": "f" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_content_under_a_known_number_is_refused_and_raises_an_alarm(
    database: str, change: dict[str, object]
) -> None:
    async def work(office: Office) -> None:
        await office.send(THREE_SALES[:6])
        tampered = replace(THREE_SALES[4], **change)
        for _ in range(2):
            answer = await office.send([tampered, *THREE_SALES[5:]])
            assert answer.status_code == 409
            assert (answer.json()["have"], answer.json()["conflict"]) == (6, 5)
        assert await kept(office) == THREE_SALES[:6], "a refused batch leaves nothing"
        assert await office.rows("SELECT seq, kind, times FROM alarm") == [(5, "conflict", 2)]
        assert (await office.send(THREE_SALES)).json() == {"have": 9}, "the true rows are still welcome"

    at_office(database, work)


def test_two_contents_under_one_number_in_a_batch_are_refused(database: str) -> None:
    async def work(office: Office) -> None:
        other = replace(THREE_SALES[1], kind="other")
        assert (await office.send([*THREE_SALES[:2], other])).status_code == 409
        assert (await office.send([*THREE_SALES[:2], THREE_SALES[1]])).json() == {"have": 2}

    at_office(database, work)


def test_a_row_that_does_not_follow_from_the_one_before_is_kept_with_an_alarm(database: str) -> None:
    async def work(office: Office) -> None:
        body = bytes(THREE_SALES[4].body).replace(b"1990", b"1")
        rows = [*THREE_SALES[:4], replace(THREE_SALES[4], body=msgspec.Raw(body)), *THREE_SALES[5:]]
        assert (await office.send(rows)).json() == {"have": 9}
        assert await kept(office) == rows
        assert await office.rows("SELECT seq, kind FROM alarm") == [(5, "chain")]

    at_office(database, work)


def test_the_chain_is_followed_from_batch_to_batch(database: str) -> None:
    async def work(office: Office) -> None:
        await office.send(THREE_SALES[:4])
        await office.send(THREE_SALES[4:])
        assert await office.rows("SELECT count(*) FROM alarm") == [(0,)]
        await office.send(chained([("2026-11-30T13:00:00.000Z", "entry", "{}")], 10, before="0" * 64))
        assert await office.rows("SELECT seq, kind FROM alarm") == [(10, "chain")]

    at_office(database, work)


def test_many_collectors_take_one_journal_at_once_and_each_row_once(database: str) -> None:
    async def work(office: Office) -> None:
        answers = await asyncio.gather(*(office.send(THREE_SALES[:end]) for end in range(1, 10) for _ in range(3)))
        assert {answer.status_code for answer in answers} == {200}
        assert await kept(office) == THREE_SALES

    at_office(database, work)


def test_what_was_paid_is_counted_once_by_hour(database: str) -> None:
    async def work(office: Office) -> None:
        later = sale_rows(4, amount_kr=10, created="2026-11-30T13:00:00.000Z")
        declined = sale_rows(5, [(State.ENTRY, None), (State.CLOSED, Reason.CUSTOMER_DECLINED)])
        rows = chained([row for number in (1, 2, 3) for row in sale_rows(number)] + later + declined)
        for end in (1, 2, 3, 5, 9, 11, len(rows), len(rows)):
            await office.send(rows[:end])
        turnover = "SELECT extract(hour FROM hour AT TIME ZONE 'UTC')::int, sales, sum_kr::int FROM turnover ORDER BY 1"
        assert await office.rows(turnover) == [(12, 3, 5970), (13, 1, 10)]
        day = "SELECT day::text, sales, sum_kr FROM turnover_day"
        assert await office.rows(day) == [("2026-11-30", 4, 5980)]
        assert await office.rows("SELECT number, outcome FROM sale ORDER BY number") == [
            *((number, "approved") for number in (1, 2, 3, 4)),
            (5, "declined"),
        ]

    at_office(database, work)


def test_a_paid_sale_that_becomes_refund_due_is_turnover_no_more(database: str) -> None:
    async def work(office: Office) -> None:
        rows = chained(sale_rows(1, [(State.REPORT, Reason.PAID), (State.ATTENTION, Reason.REFUND_DUE)]))
        await office.send(rows[:1])
        assert await office.rows("SELECT sales::int, sum_kr::int FROM turnover") == [(1, 1990)]
        await office.send(rows[1:])
        for table in ("turnover", "turnover_day"):
            assert await office.rows(f"SELECT sales::int, sum_kr::int FROM {table}") == [(0, 0)]

    at_office(database, work)


def test_the_turnover_follows_what_staff_have_corrected(database: str) -> None:
    async def work(office: Office) -> None:
        said = [(State.CLOSED, reason) for reason in (Reason.SETTLED_PAID, Reason.SETTLED_UNPAID, Reason.SETTLED_PAID)]
        rows = chained(sale_rows(1, [(State.ATTENTION, Reason.NOT_TRACEABLE), *said]))
        for end, turnover in ((2, (1, 1990)), (3, (0, 0)), (4, (1, 1990))):
            await office.send(rows[:end])
            assert await office.rows("SELECT sales::int, sum_kr::int FROM turnover") == [turnover]

    at_office(database, work)


def test_a_journal_restored_from_a_backup_tells_its_sales_again_and_none_counts_twice(database: str) -> None:
    async def work(office: Office) -> None:
        await office.send(THREE_SALES)
        after_restore = ("2026-11-30T15:00:00.000Z", "entry", bytes(THREE_SALES[8].body).decode())
        told_again = chained([(row.at, row.kind, bytes(row.body).decode()) for row in THREE_SALES[:7]])
        again = chained([*((row.at, row.kind, bytes(row.body).decode()) for row in told_again), after_restore])
        for end in (3, 5, 8):
            await office.send(again[:end], epoch="e2")
            assert await office.rows("SELECT sum(sales)::int, sum(sum_kr)::int FROM turnover") == [(3, 5970)]
        assert await office.rows("SELECT number, state, epoch FROM sale WHERE number = 3") == [(3, "closed", "e2")]
        assert await office.rows("SELECT epoch, count(*)::int FROM journal GROUP BY 1 ORDER BY 1") == [
            ("e1", 9),
            ("e2", 8),
        ]

    at_office(database, work)


def test_a_sale_in_words_of_a_newer_terminal_is_shown_as_far_as_it_can_be_read(database: str) -> None:
    async def work(office: Office) -> None:
        [(at, kind, body)] = sale_rows(1, [(State.CLOSED, Reason.PAID)])
        newer = body.replace('"paid"', '"paid_by_moonlight"')
        assert (await office.send(chained([(at, kind, newer)]))).json() == {"have": 1}
        assert await office.rows("SELECT number, amount_kr::int, reason, outcome FROM sale") == [
            (1, 1990, "paid_by_moonlight", "unread")
        ]

    at_office(database, work)


def test_rows_of_kinds_that_are_not_known_here_are_kept(database: str) -> None:
    async def work(office: Office) -> None:
        strange = chained(
            [
                ("2031-01-01T00:00:00.000Z", "refund.v9", '{"sale": 5}'),
                ("yesterday", "close", "[1, 2, null]"),
                (
                    "2031-01-01T00:00:00.000Z",
                    "entry",
                    '{"sale":{"number":1,"reference":"a\\u0000","amount_kr":1,"created":"x"}}',
                ),
                ("2031-01-01T00:00:00.000Z", "text", '"þæö"'),
                *((at, kind, body.replace("1990", "9" * 30)) for at, kind, body in sale_rows(1)),
                *((at, kind, body.replace("1990", "-1")) for at, kind, body in sale_rows(2)),
                *((at, kind, body.replace("2026-11", "0001-01")) for at, kind, body in sale_rows(3)),
            ]
        )
        assert (await office.send(strange)).json() == {"have": len(strange)}
        assert await kept(office) == strange
        assert await office.rows("SELECT count(*)::int FROM sale") == [(0,)]

    at_office(database, work)


def batch_of(body: bytes = b"{}", seq: int = 1, its_hash: bytes = b"a" * 64, terminal: bytes = b"T1") -> bytes:
    row = b'{"seq":%d,"at":"x","kind":"k","body":%s,"hash":"%s"}' % (seq, body, its_hash)
    return b'{"terminal":"%s","epoch":"e","rows":[%s]}' % (terminal, row)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (batch_of(seq=0), 400),
        (batch_of(its_hash=b"short"), 400),
        (batch_of(its_hash=b"A" * 64), 400),
        (batch_of(terminal=b"../T1"), 400),
        (batch_of(b'"\xff"'), 400),
        (batch_of(b'"%s"' % (b"x" * 70_000)), 400),
        (b" " * (wire.LARGEST_BODY_BYTES + 1), 413),
    ],
    ids=range(10),
)
def test_what_is_no_batch_is_refused_with_a_reason(database: str, content: bytes, status: int) -> None:
    async def work(office: Office) -> None:
        answer = await office.http.post("/v1/journal", content=content, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == status
        assert answer.json()["error"]
        assert await office.rows("SELECT count(*) FROM journal") == [(0,)]

    at_office(database, work)


def test_a_batch_has_so_many_rows_at_most(database: str) -> None:
    async def work(office: Office) -> None:
        rows = chained([("x", "k", "{}")] * (wire.MOST_ROWS + 1))
        assert (await office.send(rows)).status_code == 400
        assert (await office.send(rows[:-1])).json() == {"have": wire.MOST_ROWS}

    at_office(database, work)


def test_packed_batches_are_taken_and_bombs_are_not(database: str) -> None:
    async def post(office: Office, content: bytes, encoding: str = "gzip") -> int:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Encoding": encoding}
        return (await office.http.post("/v1/journal", content=content, headers=headers)).status_code

    async def work(office: Office) -> None:
        packed = wire.pack(wire.Batch("T1", "e1", THREE_SALES))
        assert await post(office, packed) == 200
        assert await kept(office) == THREE_SALES
        assert await post(office, gzip.compress(b" " * 100_000_000)) == 400
        assert await post(office, packed[:-9]) == 400
        assert await post(office, b"no gzip") == 400
        assert await post(office, packed, "br") == 415

    at_office(database, work)


def test_a_number_may_name_an_epoch(database: str) -> None:
    async def work(office: Office) -> None:
        batch = {"terminal": "T1", "epoch": 7, "rows": []}
        assert (await office.post("/v1/journal", batch)).json() == {"have": 0}
        assert await office.have(epoch="7") == {"have": 0}

    at_office(database, work)


def test_without_its_database_the_office_says_try_again(database: str) -> None:
    async def work(office: Office) -> None:
        await office.rows("ALTER TABLE journal_head RENAME TO gone")
        answer = await office.send(THREE_SALES)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert "gone" not in answer.text

    at_office(database, work)


# --- rows in few bytes ------------------------------------------------------------------------------------------------

JOURNALED = chained(
    [
        (at, kind, body.replace('"event"', f'"at":"{at}","event"', 1))
        for number in (1, 2, 3)
        for at, kind, body in sale_rows(number)
    ]
)


async def send_compact(office: Office, rows: list[Row]) -> httpx.Response:
    content = compact.pack(wire.Batch("T1", "e1", rows))
    assert content is not None
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Encoding": compact.ENCODING}
    return await office.http.post("/v1/journal", content=content, headers=headers)


def test_compact_rows_are_kept_as_whole_ones_are(database: str) -> None:
    async def work(office: Office) -> None:
        answer = await send_compact(office, JOURNALED[:5])
        assert answer.json() == {"have": 5}
        assert set(answer.headers) == {"content-length", "content-type", "accept-encoding"}, "each costs every sale"
        assert (await send_compact(office, JOURNALED[5:])).json() == {"have": 9}
        assert await kept(office) == JOURNALED
        assert await office.rows("SELECT count(*) FROM sale WHERE outcome = 'approved'") == [(3,)]
        assert await office.rows("SELECT count(*) FROM alarm") == [(0,)]

    at_office(database, work)


def test_the_office_says_that_it_takes_them(database: str) -> None:
    async def work(office: Office) -> None:
        answer = await office.http.get("/v1/journal/T1/e1", headers={"Authorization": f"Bearer {TOKEN}"})
        assert compact.ENCODING in answer.headers["accept-encoding"]

    at_office(database, work)


def test_where_they_do_not_follow_they_are_wanted_whole(database: str) -> None:
    """A gap, the same rows again, a row that was changed: what to make of it is decided as ever, by the whole rows."""

    async def work(office: Office) -> None:
        assert (await send_compact(office, JOURNALED[3:])).status_code == 422
        assert (await send_compact(office, JOURNALED[:6])).json() == {"have": 6}
        assert (await send_compact(office, JOURNALED[3:])).status_code == 422
        changed = replace(JOURNALED[6], body=msgspec.Raw(bytes(JOURNALED[6].body).replace(b"1990", b"9990")))
        assert (await send_compact(office, [changed, *JOURNALED[7:]])).status_code == 422
        assert await kept(office) == JOURNALED[:6]
        assert (await office.send(JOURNALED[3:])).json() == {"have": 9}
        assert await kept(office) == JOURNALED

    at_office(database, work)


@pytest.mark.parametrize("content", [b"", b"x" * 100, gzip.compress(b"{}")], ids=["empty", "not packed", "no rows"])
def test_compact_rows_that_are_none_are_refused(database: str, content: bytes) -> None:
    async def work(office: Office) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Encoding": compact.ENCODING}
        answer = await office.http.post("/v1/journal", content=content, headers=headers)
        assert answer.status_code == 400
        elsewhere = await office.http.post("/v1/status", content=content, headers=headers)
        assert elsewhere.status_code == 415

    at_office(database, work)
