"""Archives of releases in a real database: who may load which, and that pieces are the whole."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import pytest

from terminal.errors import TerminalError
from terminal.office import wire
from terminal.office.server import access, archives, releases
from terminal.office.server.archives import Archive
from terminal.office.server.database import Connection
from terminal.office.wire import PIECE_BYTES
from tests.office_bench import TOKEN, Office
from tests.unit.office.server.test_releases import PLAN, at_office, members, report

MACHINE = "aarch64-python3.11"
CONTENT = bytes(range(256)) * (PIECE_BYTES // 256) + b"the end"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


async def get(office: Office, path: str, token: str = TOKEN) -> Any:
    return await office.http.get(path, headers={"Authorization": f"Bearer {token}"})


async def add(connection: Connection, content: bytes = CONTENT, version: str = "1.1.0") -> None:
    await archives.add(connection, Archive(version, MACHINE, "signature"), io.BytesIO(content), "sigga")


async def first_wave(connection: Connection, office: Office) -> tuple[str, str]:
    """The counter that is asked to upgrade, and one that is not."""
    await releases.start(connection, PLAN, "sigga")
    await releases.advance(connection)
    [first] = await members(office)
    return first, next(one for one in ("T1", "T2", "T3") if one != first)


def test_a_counter_of_the_wave_loads_every_piece_and_no_other_counter_any(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        await add(connection)
        asked, other = await first_wave(connection, office)
        offer = wire.read_offer((await get(office, f"/v1/release/{asked}/{MACHINE}")).content)
        assert offer == wire.ArchiveOffer("1.1.0", len(CONTENT), SHA256, "signature")
        pieces = [await get(office, f"/v1/archive/{asked}/{SHA256}/{number}") for number in range(2)]
        assert b"".join(piece.content for piece in pieces) == CONTENT
        assert pieces[0].headers["content-type"] == "application/octet-stream"
        wrong = (
            f"/v1/release/{other}/{MACHINE}",
            f"/v1/release/{asked}/armhf-python3.11",
            f"/v1/archive/{other}/{SHA256}/0",
            f"/v1/archive/{asked}/{SHA256}/2",
            f"/v1/archive/{asked}/{'0' * 64}/0",
        )
        assert [(await get(office, path)).status_code for path in wrong] == [404] * len(wrong)

    at_office(database, work)


def test_a_release_that_is_held_is_loaded_by_nobody(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        await add(connection)
        asked, _ = await first_wave(connection, office)
        await releases.turn(connection, "1.1.0", "paused", "sigga")
        for path in (f"/v1/release/{asked}/{MACHINE}", f"/v1/archive/{asked}/{SHA256}/0"):
            assert (await get(office, path)).status_code == 404

    at_office(database, work)


def test_only_who_speaks_for_a_counter_loads_for_it(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        await add(connection)
        asked, other = await first_wave(connection, office)
        code = await access.make_code(connection, other, "A")
        theirs = (await office.post("/v1/enrol", {"terminal": other, "code": code})).json()["token"]
        for path in (f"/v1/release/{asked}/{MACHINE}", f"/v1/archive/{asked}/{SHA256}/0"):
            assert (await get(office, path, theirs)).status_code == 401
            assert (await get(office, path, "nobody's")).status_code == 401

    at_office(database, work)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/release/T1/a%20b",
        "/v1/release/T1/" + "x" * 41,
        "/v1/archive/T1/nothash/0",
        f"/v1/archive/T1/{SHA256}/99999999",
        f"/v1/archive/T%001/{SHA256}/0",
    ],
)
def test_what_names_nothing_is_told(database: str, path: str) -> None:
    async def work(office: Office, _connection: Connection) -> None:
        assert (await get(office, path)).status_code == 400

    at_office(database, work)


def test_another_archive_of_that_version_takes_the_place_of_the_one_before(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        await add(connection)
        await add(connection, b"better")
        await add(connection, b"another", "1.2.0")
        kept = await office.rows("SELECT version, size::int FROM release_archive ORDER BY version")
        assert kept == [("1.1.0", 6), ("1.2.0", 7)]
        assert await office.rows("SELECT sum(length(content))::int FROM release_piece") == [(13,)]
        deeds = await office.rows("SELECT did, what FROM audit WHERE name = 'sigga' ORDER BY at")
        assert [did for did, _ in deeds] == ["release_add"] * 3
        with pytest.raises(TerminalError, match="1 to"):
            await add(connection, b"")

    at_office(database, work)


def test_a_counter_that_refuses_has_failed_and_says_why(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        asked, _ = await first_wave(connection, office)
        await report(office, asked, "1.0.0", release={"wanted": "1.1.0", "trouble": "too little room"})
        assert await releases.advance(connection) == "", "that may be over tomorrow"
        [line] = await releases.lines(connection, "1.1.0")
        assert (line.state, line.why) == ("waiting", "too little room")
        refused = {"refused_version": "1.1.0", "refused": "not signed by any key"}
        await report(office, asked, "1.0.0", release=refused)
        assert "stopped" in await releases.advance(connection)
        [line] = await releases.lines(connection, "1.1.0")
        assert (line.state, line.why) == ("failed", "it refuses: not signed by any key")

    at_office(database, work)


def test_what_is_refused_of_another_version_or_said_wrongly_is_no_matter(database: str) -> None:
    async def work(office: Office, connection: Connection) -> None:
        asked, _ = await first_wave(connection, office)
        for said in ({"refused_version": "1.0.9", "refused": "old"}, {"refused": 7}, [], "x", None):
            await report(office, asked, "1.0.0", release=said)
            assert await releases.advance(connection) == ""
            assert await members(office) == {asked: "waiting"}

    at_office(database, work)
