"""The text mirror: what was appended is read back, whatever became of the end of the file."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import msgspec
import pytest

from terminal.journal.mirror import Damage, Mirror
from terminal.journal.rows import EntryRow, NonceRow, Positions, Row
from tests.unit.journal.journal_samples import a_sale, chained


def entry(seq: int) -> EntryRow:
    return EntryRow(seq, "2026-11-23T15:00:00.000Z", "x", msgspec.Raw(msgspec.json.encode(a_sale(seq))))


def written(folder: Path, count: int, segment_bytes: int = 5000) -> Mirror:
    mirror = Mirror(folder / "mirror", segment_bytes=segment_bytes)
    for seq in range(1, count + 1):
        mirror.append(chained(mirror, entry(seq), NonceRow(seq * 10)))
    mirror.close()
    return mirror


def read(folder: Path, *, start: Positions | None = None) -> tuple[list[Row], list[Damage]]:
    damages: list[Damage] = []
    return list(Mirror(folder / "mirror").rows(damages, start=start)), damages


def expected(*seqs: int) -> list[Row]:
    return [row for seq in seqs for row in (entry(seq), NonceRow(seq * 10))]


def test_rows_come_back_in_order_over_many_segments(tmp_path: Path) -> None:
    mirror = written(tmp_path, 30)
    assert len(mirror.segments()) > 3
    assert read(tmp_path) == (expected(*range(1, 31)), [])


def test_a_look_tells_how_far_it_has_come_from_the_last_segment(tmp_path: Path) -> None:
    written(tmp_path, 30)
    again = Mirror(tmp_path / "mirror")
    for segment in again.segments()[:-1]:
        segment.write_bytes(b"")  # would be missed if it was needed
    again.look()
    assert again.positions == Positions(entries=30, high_water=300)
    assert again.last_entry == entry(30)


def test_without_a_mirror_nothing_is_reached(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "mirror")
    mirror.look()
    assert (mirror.positions, mirror.last_entry, list(mirror.rows())) == (Positions(), None, [])
    assert list(tmp_path.iterdir()) == []


def test_reading_from_a_position_leaves_earlier_segments_alone(tmp_path: Path) -> None:
    mirror = written(tmp_path, 30)
    mirror.segments()[0].write_bytes(b"rubbish\n")
    rows, damages = read(tmp_path, start=Positions(entries=20, high_water=200))
    assert damages == []
    assert rows[-20:] == expected(*range(21, 31))


@pytest.mark.parametrize("keep", range(0, 840, 37))
def test_a_torn_end_costs_its_own_line_only(tmp_path: Path, keep: int) -> None:
    mirror = written(tmp_path, 3, segment_bytes=10**6)
    (segment,) = mirror.segments()
    lines = segment.read_bytes().rstrip(b"\n").split(b"\n")
    whole = b"\n".join(lines[:-1]) + b"\n"
    torn = lines[-1][:keep]
    assert len(torn) < len(lines[-1])
    segment.write_bytes(whole + torn)
    again = Mirror(tmp_path / "mirror")
    again.look()
    assert again.positions.entries == 2
    again.append(chained(again, entry(3), NonceRow(30)))
    again.append(chained(again, entry(4), NonceRow(40)))
    rows, damages = read(tmp_path)
    assert rows == expected(1, 2, 3, 4)
    assert len(damages) == (1 if torn else 0)


def test_a_torn_write_into_the_room_is_taken_for_what_it_is(tmp_path: Path) -> None:
    mirror = written(tmp_path, 3, segment_bytes=10**6)
    (segment,) = mirror.segments()
    data = segment.read_bytes()
    begin = data.rstrip(b"\n").rfind(b"\n") + 1
    end = len(data.rstrip(b"\n"))
    segment.write_bytes(data[: begin + 200] + b"\n" * (end - begin - 200) + data[end:])
    rows, damages = read(tmp_path)
    assert rows == expected(1, 2)
    assert [damage.is_torn_write for damage in damages] == [True]


def test_zeros_at_the_end_as_file_systems_leave_them(tmp_path: Path) -> None:
    mirror = written(tmp_path, 3, segment_bytes=10**6)
    (segment,) = mirror.segments()
    segment.write_bytes(segment.read_bytes().rstrip(b"\n") + b"\n" + bytes(3000))
    again = Mirror(tmp_path / "mirror")
    again.look()
    again.append(chained(again, entry(4), NonceRow(40)))
    assert read(tmp_path)[0] == expected(1, 2, 3, 4)


def test_any_flipped_byte_is_noticed_and_costs_one_line_at_most(tmp_path: Path) -> None:
    mirror = written(tmp_path, 6, segment_bytes=10**6)
    (segment,) = mirror.segments()
    data = segment.read_bytes().rstrip(b"\n") + b"\n"
    length = len(data) - 1
    rng = random.Random(1)
    for _ in range(60):
        at = rng.randrange(length)
        segment.write_bytes(data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :])
        rows, damages = read(tmp_path)
        seqs = [row.seq for row in rows if isinstance(row, EntryRow)]
        assert damages
        assert len(seqs) >= 4  # a lost line end takes its neighbour along
        assert rows == expected(*seqs)


def test_a_whole_line_of_other_bytes_is_never_a_row(tmp_path: Path) -> None:
    mirror = written(tmp_path, 1, segment_bytes=10**6)
    (segment,) = mirror.segments()
    rng = random.Random(2)
    with segment.open("r+b") as file:
        file.seek(len(segment.read_bytes().rstrip(b"\n")) + 1)
        file.write(rng.randbytes(60_000) + b"\n")
        file.write(b'00000000 [{"row":"entry"}]\n')
    rows, damages = read(tmp_path)
    assert rows == expected(1)
    assert [damage.is_torn_write for damage in damages] == [False]


def test_the_head_of_the_last_segment_is_damaged(tmp_path: Path) -> None:
    mirror = written(tmp_path, 30)
    last = mirror.segments()[-1]
    data = last.read_bytes()
    last.write_bytes(b"#" + data[1:])
    again = Mirror(tmp_path / "mirror")
    again.look()
    assert again.positions == Positions(entries=30, high_water=300)


def test_more_rows_than_a_line_takes_are_spread_and_come_back(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "mirror", segment_bytes=20_000)
    mirror.append(chained(mirror, *(entry(seq) for seq in range(1, 301))))
    mirror.close()
    assert [row.seq for row in read(tmp_path)[0] if isinstance(row, EntryRow)] == list(range(1, 301))


def test_what_a_failed_sync_left_in_memory_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux reports a failed write-back once, and then takes the pages that never reached the disk for clean."""
    mirror = written(tmp_path, 3, segment_bytes=10**6)

    def bad_block(_fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", bad_block)
        for _ in range(3):
            with pytest.raises(OSError, match="Input/output"):
                mirror.append(chained(mirror, entry(4), NonceRow(40)))
            mirror.look()
            assert mirror.positions.entries == 3
    mirror.append(chained(mirror, entry(4), NonceRow(40)))
    mirror.close()
    (segment,) = mirror.segments()
    assert segment.read_bytes().count(b'"row":"entry","seq":4,') == 4
    assert [row for row in read(tmp_path)[0] if isinstance(row, EntryRow)][-1] == entry(4)
    again = Mirror(tmp_path / "mirror")
    again.look()
    assert again.positions == Positions(entries=4, high_water=40)
