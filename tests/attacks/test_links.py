"""Links planted in the service's own folder: root must neither change what they point at nor own anything there.

The service's user is taken to be the attacker. Every command that root runs on the journal's folder meets links under
every name that it is known to use.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from terminal.errors import JournalError, TerminalError
from terminal.install import kept_journal
from terminal.journal.backup import back_up
from terminal.journal.thread import JournalFile
from terminal.sale.record import Record
from terminal.sale.sale import Reason, Sale, State
from terminal.system import owner
from terminal.system.owner import LONGEST_ANSWER_BYTES, as_owner_of
from tests.integration.process import run_command
from tests.patience import at_most

NOBODY = 65534
NOW = "2026-11-23T15:00:30.000Z"
VICTIM = "root:secret\n"
NAMES = (
    "journal.db.x",
    "journal.db.lock",
    "journal.db.restoring",
    "journal.db.new",
    "journal.db.new-wal",
    "journal.db.part",
    "journal.db.acknowledged",
    "journal.db.acknowledged.part",
    "journal.db.mirror-behind",
    "journal.db.copy-x",
    "journal.db-shm",
    "journal.db-wal",
    "journal.db.mirror/000002.log",
    "journal.db.mirror/x",
)
STOPPING = ("journal.db.lock", "journal.db-wal", "journal.db-shm")
"""With these a command does not get far."""

UNSTOPPING = tuple(name for name in NAMES if name not in STOPPING)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be tricked: run the attacks as root")


@pytest.fixture
def shop() -> Iterator[Path]:
    """A folder of the service's with a journal, a configuration, a backup outside, and a file of root's."""
    tmp_path = Path(tempfile.mkdtemp(prefix="netgiro-links-"))  # pytest's own folders let nobody else in
    tmp_path.chmod(0o755)
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (tmp_path / "config.toml").write_text(f'[journal]\npath = "{state}/journal.db"\n')
    with JournalFile(state / "journal.db", lambda: NOW) as journal:
        journal.open()
        journal.append(Record("ResultAcknowledged", a_sale(1)))
    back_up(state / "journal.db", tmp_path / "backup.db")
    for path in (state, *state.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    (tmp_path / "victim").write_text(VICTIM)
    (tmp_path / "victim").chmod(0o600)
    yield tmp_path
    shutil.rmtree(tmp_path)


def a_sale(number: int) -> Sale:
    return Sale(
        number=number,
        reference=f"T1-{number:06d}-ABCDEF",
        register_id=str(number),
        amount_kr=1990,
        created=NOW,
        state=State.CLOSED,
        reason=Reason.PAID,
    )


def run(shop: Path, *words: str, longest_s: float = 120) -> subprocess.CompletedProcess[str]:
    journal = [] if words[0] in OF_ITS_OWN else ["journal"]
    return run_command(*journal, *words, "--config", str(shop / "config.toml"), deadline_s=longest_s)


def plant(shop: Path, names: tuple[str, ...]) -> None:
    for name in names:
        link = shop / "state" / name
        if not os.path.lexists(link):
            link.symlink_to(shop / "victim")
            os.chown(link, NOBODY, NOBODY, follow_symlinks=False)


def assert_untouched(shop: Path) -> None:
    victim = shop / "victim"
    facts = victim.stat()
    assert (victim.read_text(), facts.st_uid, stat.S_IMODE(facts.st_mode)) == (VICTIM, 0, 0o600)
    roots = [path for path in (shop / "state").rglob("*") if path.lstat().st_uid == 0]
    assert roots == []


def plant_hard(shop: Path, names: tuple[str, ...]) -> None:
    for name in names:
        place = shop / "state" / name
        if not os.path.lexists(place):
            os.link(shop / "victim", place)


COMMANDS = (
    ("list",),
    ("show", "1"),
    ("verify",),
    ("export",),
    ("mend",),
    ("acknowledge",),
    ("restore", "{}/backup.db"),
    ("backup", "{}/new.db"),
    ("backup", "{}/state/new.db"),
    ("doctor",),
    ("support-bundle", "{}/bundle.tar.gz"),
)
OF_ITS_OWN = ("doctor", "support-bundle")


def planted() -> Iterator[Any]:
    """What reads, what writes and what packs, in ``make test``; every command in ``make test-all``."""
    for stop_early, words in product((False, True), COMMANDS):
        is_first = not stop_early and words[0] in ("list", "mend", "restore", "support-bundle")
        marks = () if is_first else (pytest.mark.slow,)
        yield pytest.param(words, stop_early, id=f"{stop_early}-{' '.join(words)}", marks=marks)


@pytest.mark.parametrize(("words", "stop_early"), [*planted()])
def test_planted_links_lead_root_nowhere(shop: Path, words: tuple[str, ...], stop_early: bool) -> None:
    plant(shop, NAMES if stop_early else tuple(name for name in NAMES if name not in STOPPING))

    done = run(shop, *(word.format(shop) for word in words))

    assert "Traceback" not in done.stderr
    assert_untouched(shop)


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("names", [("journal.db",), UNSTOPPING], ids=["journal", "rest"])
def test_hard_links_to_a_file_of_roots_neither_change_nor_show_it(
    shop: Path, words: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """Where the kernel lets the service make one (fs.protected_hardlinks = 0), or root has made it unawares."""
    if "journal.db" in names:
        (shop / "state/journal.db").unlink()
    plant_hard(shop, names)

    done = run(shop, *(word.format(shop) for word in words))

    assert "Traceback" not in done.stderr
    assert VICTIM.strip() not in done.stdout + done.stderr
    victim = shop / "victim"
    facts = victim.stat()
    assert (victim.read_text(), facts.st_uid, stat.S_IMODE(facts.st_mode)) == (VICTIM, 0, 0o600)
    inodes = {path.lstat().st_ino for path in (shop / "state").rglob("*") if path.lstat().st_uid == 0}
    assert inodes <= {facts.st_ino}


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_journal_that_is_a_link_itself_is_followed_by_its_owner_only(shop: Path, words: tuple[str, ...]) -> None:
    (shop / "state/journal.db").unlink()
    plant(shop, ("journal.db",))

    done = run(shop, *(word.format(shop) for word in words))

    assert "Traceback" not in done.stderr
    assert VICTIM.strip() not in done.stdout + done.stderr
    assert_untouched(shop)


@pytest.mark.slow
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("names", [("journal.db",), NAMES], ids=["journal", "rest"])
def test_a_pipe_in_the_place_of_a_file_keeps_nobody_waiting(
    shop: Path, words: tuple[str, ...], names: tuple[str, ...]
) -> None:
    if "journal.db" in names:
        (shop / "state/journal.db").unlink()
    for name in names:
        pipe = shop / "state" / name
        if not pipe.exists():
            os.mkfifo(pipe)
            os.chown(pipe, NOBODY, NOBODY)

    done = run(shop, *(word.format(shop) for word in words), longest_s=at_most(20))

    assert "Traceback" not in done.stderr
    said = done.stdout + done.stderr
    assert done.returncode == 0 or words[0] == "doctor" or "is no regular file: move it away" in said


def test_without_links_everything_works_and_belongs_to_the_service(shop: Path) -> None:
    for words in COMMANDS:
        done = run(shop, *(word.format(shop) for word in words))
        assert done.returncode == 0 or words[0] == "doctor", (words, done.stderr)
    assert_untouched(shop)
    assert (shop / "new.db").stat().st_uid == 0


def test_an_upgrades_copy_of_the_journal_follows_no_link(shop: Path) -> None:
    """It lies beside the journal, under a name that says which version made it."""
    journal, kept = shop / "state/journal.db", shop / "state/before-0.2.0.db"
    plant(shop, (kept.name, f"{kept.name}.part"))
    with pytest.raises(JournalError, match="exists already"):
        back_up(journal, kept)
    kept.unlink()
    back_up(journal, kept)
    assert kept_journal.KeptJournal(kept).lacks_rows_of(journal) is False
    assert kept.stat().st_uid == NOBODY
    journal.unlink()
    plant(shop, (journal.name,))
    for look in (kept_journal._positions, kept_journal.journal_version):
        with pytest.raises((JournalError, OSError)):
            look(journal)
    assert_untouched(shop)


class Evil:
    """What a pickle does as soon as it is opened."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {tempfile.gettempdir()}/netgiro-owned",)


@pytest.mark.parametrize(
    "said",
    [
        pickle.dumps(Evil()),
        pickle.dumps((1, None)),
        b"",
        b"[" * 100_000,
        b'{"type":"done","result":"many"}',
        b'{"type":"done","result":1,"more":1}',
        b'{"type":"done","result":' + b"9" * 5000 + b"}",
        b'{"type":"other"}',
        b"x" * (LONGEST_ANSWER_BYTES + 1),
    ],
    ids=["code", "a pickle", "nothing", "depth", "another type", "more", "a number", "another word", "much"],
)
def test_who_has_taken_over_the_owners_process_does_not_become_root_by_what_it_says(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def say(_folder: Path, _work: object, sending: int) -> None:
        with contextlib.suppress(OSError), os.fdopen(sending, "wb") as pipe:
            pipe.write(said)
        os._exit(0)

    owned = Path(tempfile.gettempdir()) / "netgiro-owned"
    monkeypatch.setattr(owner, "_work_and_end", say)
    with tempfile.TemporaryDirectory() as name:
        os.chown(name, NOBODY, NOBODY)
        with pytest.raises(TerminalError, match="cut short"):
            as_owner_of(Path(name), os.getpid, int)
    assert not owned.exists()


def test_a_folder_that_is_exchanged_for_a_link_makes_nobody_root(shop: Path) -> None:
    below, roots = shop / "state/below", shop / "roots"
    roots.mkdir(mode=0o700)
    below.symlink_to(roots)
    os.chown(below, NOBODY, NOBODY, follow_symlinks=False)

    with pytest.raises(TerminalError, match="below is no folder"):
        as_owner_of(below, os.geteuid, int)

    below.unlink()
    below.mkdir()  # root's own, where its parent's owner may exchange it
    with pytest.raises(TerminalError, match="is root's in another user's folder"):
        as_owner_of(below, os.geteuid, int)


EXCHANGE_WITHOUT_END = """
import ctypes, itertools, sys
renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
here, *others = (word.encode() for word in sys.argv[1:])
print("begun", flush=True)
for other in itertools.cycle(others):
    for _ in range(2):
        if renameat2(-100, here, -100, other, 2):
            sys.exit(f"cannot exchange: {ctypes.get_errno()}")
"""


@pytest.mark.slow
@pytest.mark.parametrize("words", [("mend",), ("restore", "{}/backup.db"), ("acknowledge",), ("verify",)], ids=" ".join)
def test_a_folder_that_is_exchanged_without_end_leads_root_nowhere(shop: Path, words: tuple[str, ...]) -> None:
    """Whoever owns the folder above exchanges it all the time: for a link, a folder of root's, one full of links."""
    above, roots = shop / "state", shop / "roots"
    here, linked, full = above / "here", above / "linked", above / "full"
    for folder in (here, full):
        folder.mkdir(mode=0o700)
        os.chown(folder, NOBODY, NOBODY)
    for path in above.glob("journal.db*"):
        path.rename(here / path.name)
    roots.mkdir(mode=0o700)
    linked.symlink_to(roots)
    for name in (*NAMES[:10], "journal.db"):
        (full / name).symlink_to(shop / "victim")
    for link in (linked, *full.iterdir()):
        os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    (shop / "config.toml").write_text(f'[journal]\npath = "{here}/journal.db"\n')

    exchange = ["/usr/bin/env", "python3", "-I", "-c", EXCHANGE_WITHOUT_END, str(here), str(linked), str(full)]
    with subprocess.Popen(exchange, stdout=subprocess.PIPE, user=NOBODY, group=NOBODY, extra_groups=[]) as exchanging:
        assert exchanging.stdout is not None
        exchanging.stdout.readline()
        try:
            dones = [run(shop, *(word.format(shop) for word in words)) for _ in range(20)]
        finally:
            still_exchanging = exchanging.poll() is None
            exchanging.kill()

    assert still_exchanging
    assert not any("Traceback" in done.stderr or VICTIM.strip() in done.stdout + done.stderr for done in dones)
    assert list(roots.iterdir()) == []
    assert_untouched(shop)


def test_a_link_that_root_made_is_followed_to_the_services_folder(shop: Path) -> None:
    (shop / "link").symlink_to(shop / "state")
    for folder in (shop / "state", shop / "link", shop / "link/not/yet"):
        assert as_owner_of(folder, os.geteuid, int) == NOBODY
    assert as_owner_of(shop, os.geteuid, int) == 0
