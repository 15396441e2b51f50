"""``python -m tests.bench.big_journal FOLDER --sales 1000000``: makes such a journal, and measures what it costs.

Not a part of ``make bench``: a million sales take minutes to make, and some gigabytes. A folder that has one is
measured again without making it anew. Each time is the best of three, beside the same of an empty journal.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from terminal.journal import chain, tables
from terminal.journal.backup import back_up
from terminal.journal.database import open_for_writing
from terminal.journal.mirror import Mirror
from terminal.journal.rebuild import mirror_folder
from terminal.journal.rows import EntryRow, Row
from terminal.journal.thread import JournalFile
from terminal.sale.record import Record
from terminal.sale.sale import Reason, Sale, State
from terminal.system.timestamps import timestamp_of

ROWS_A_COMMIT = 20_000
FIRST_S = 1_760_000_000
APART_S = 60
TIMES = 3
PAID = (State.ENTRY, State.AUTHORIZATION, State.CUSTOMER, State.CAPTURE, State.REPORT, State.CLOSED)


def a_sale(number: int, state: State) -> Sale:
    reason = (Reason.PAID, Reason.PAID, Reason.CUSTOMER_DECLINED)[number % 3]
    return Sale(
        number=number,
        reference=f"T1-{number:06d}-ABCDEF",
        register_id=str(number),
        amount_kr=100 + number % 50_000,
        created=timestamp_of(FIRST_S + APART_S * number),
        state=state,
        reason=reason if state in (State.REPORT, State.CLOSED) else None,
    )


def rows(sales: int, entries: int) -> Iterator[Row]:
    """Every sale as its last states; all of them in one open period."""
    seqs = itertools.count(1)
    for number in range(1, sales + 1):
        at = timestamp_of(FIRST_S + APART_S * number + 30)
        for state in PAID[-entries:]:
            yield EntryRow(next(seqs), at, "Bench", msgspec.Raw(msgspec.json.encode(a_sale(number, state))))


def make(path: Path, sales: int, entries: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    mirror = Mirror(mirror_folder(path))
    stream = rows(sales, entries)
    with closing(open_for_writing(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        mirror.begin(chain.end(db))
        while some := list(itertools.islice(stream, ROWS_A_COMMIT)):
            db.execute("BEGIN")
            links = [tables.insert_row(db, row) for row in some]
            db.execute("COMMIT")
            mirror.append(links)
    mirror.close()


def timed(work: Callable[[], object]) -> float:
    """Milliseconds, the best of some."""
    took_s = []
    for _ in range(TIMES):
        start_s = time.perf_counter()
        work()
        took_s.append(time.perf_counter() - start_s)
    return round(min(took_s) * 1000, 2)


def opened_and_closed(path: Path) -> None:
    with JournalFile(path, lambda: timestamp_of(time.time())) as journal:
        journal.open()


def listed(path: Path) -> tuple[float, float, float]:
    """Milliseconds to the first line and to the last, and the process's most memory in MiB."""
    config = path.with_name("config.toml")
    config.write_text(f'[journal]\npath = "{path}"\n', encoding="utf-8")
    start_s = time.perf_counter()
    command = [sys.executable, "-m", "terminal", "journal", "list", "--json", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        first_s = time.perf_counter() - start_s
        for _line in process.stdout:
            pass
    took_s = time.perf_counter() - start_s
    memory_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return round(first_s * 1000), round(took_s * 1000), round(memory_mib)


def most_memory_mib() -> int:
    """Of this process since its start, not of the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def commit_ms(journal: JournalFile, sales: int) -> float:
    number = sales + 1_000_000
    start_s = time.perf_counter()
    for _ in range(50):
        number += 1
        journal.append(Record("Bench", a_sale(number, State.CLOSED)))
    return round((time.perf_counter() - start_s) / 50 * 1000, 2)


def backed_up_beside_commits(journal: JournalFile, target: Path, sales: int) -> tuple[float, int]:
    """Seconds, and how many commits were made meanwhile."""
    target.unlink(missing_ok=True)
    ended = threading.Event()

    def copy() -> None:
        back_up(journal.path, target)
        ended.set()

    thread = threading.Thread(target=copy)
    start_s = time.perf_counter()
    thread.start()
    commits = 0
    while not ended.wait(0.02):
        commits += 1
        journal.append(Record("Bench", a_sale(sales + 2_000_000 + commits, State.CLOSED)))
    thread.join()
    target.unlink()
    return round(time.perf_counter() - start_s, 1), commits


def measure(path: Path, sales: int) -> dict[str, object]:
    found: dict[str, object] = {"sales": sales, "MiB": round(path.stat().st_size / 2**20)}
    found["open_ms"] = timed(lambda: opened_and_closed(path))
    with JournalFile(path, lambda: timestamp_of(time.time())) as journal:
        journal.open()
        found["find_by_id_ms"] = timed(lambda: journal.find_register_id(str(sales // 2)))
        found["find_nothing_ms"] = timed(lambda: journal.find_register_id("nobody"))
        found["totals_ms"] = timed(journal.open_period)
        found["commit_ms"] = commit_ms(journal, sales)
        found["memory_MiB"] = most_memory_mib()
        found["backup_s"], found["commits_meanwhile"] = backed_up_beside_commits(
            journal, path.with_name("bench-backup.db"), sales
        )
    found["list_first_ms"], found["list_all_ms"], found["list_MiB"] = listed(path)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sales", type=int, default=1_000_000)
    parser.add_argument("--entries", type=int, default=2, help="of each sale; a paid one has six")
    parser.add_argument("--only", type=int, help="measure this one alone: what has made a journal has grown by it")
    options = parser.parse_args()
    if options.only is not None:
        print(json.dumps(measure(options.folder / str(options.only) / "journal.db", options.only)), flush=True)
        return
    for sales in (0, options.sales):
        path = options.folder / str(sales) / "journal.db"
        if not path.exists():
            make(path, sales, options.entries)
        command = [sys.executable, "-m", "tests.bench.big_journal", str(options.folder), "--only", str(sales)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
