"""Checks of the machine: the disk under the journal, the journal, the clock and the power supply."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from pathlib import Path

from terminal.config import Config
from terminal.doctor.system import Finding, System, failed, ok, warning
from terminal.errors import JournalError
from terminal.journal import MIN_FREE_BYTES, JournalFile
from terminal.journal_repair import tell

MIB = 1024 * 1024
COMFORTABLE_BYTES = 200 * MIB
EARLIEST_CREDIBLE_S = 1_790_000_000
"""2026-09-21: before this program was written. A Pi without a clock chip starts in the past."""
QUICK_CHECK_S = 8.0


def check_disk(config: Config, _system: System) -> Finding:
    folder = Path(config.journal.path).parent
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"probe")
            probe.flush()
            os.fsync(probe.fileno())
    except FileNotFoundError:
        return failed(f"{folder} does not exist", f"start the service once, or run: mkdir -p {folder}")
    except OSError as error:
        return failed(f"{folder} cannot be written: {_why(error)}", f"see who owns it: ls -ld {folder}; free space: df")
    disk = os.statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    found = f"{folder} can be written, {free // MIB} MiB free"
    if free < MIN_FREE_BYTES:
        return failed(found, f"make room: below {MIN_FREE_BYTES // MIB} MiB no sale is started")
    if free < COMFORTABLE_BYTES:
        return warning(found, "make room before it gets less")
    return ok(found)


def check_journal(config: Config, _system: System) -> Finding:
    path = Path(config.journal.path)
    try:
        if not path.exists():
            return ok("none yet: the first start makes it")
        journal = JournalFile(path, lambda: "", read_only=True)
        try:
            journal.open()
            sales = journal.next_number() - 1
            open_sales = len(journal.open_sales())
            lossy = [repair for repair in journal.repairs() if not repair.is_complete]
        finally:
            journal.close()
        damage = _damage(path)
    except (JournalError, sqlite3.Error, OSError) as error:
        return failed(str(error), "if it is damaged, restart the terminal: it keeps the file and makes a new one")
    if damage is None:
        return warning(f"{sales} sales; too large to look through in {QUICK_CHECK_S:g} s", "nothing is wrong so far")
    if damage != "ok":
        return failed(f"damaged: {damage}", "restart the terminal: it keeps the file and makes a new one")
    if lossy:
        return warning(tell(lossy[-1]), "compare the sales with Netgíró's list; see: netgiro-terminal journal verify")
    if open_sales:
        return warning(f"{sales} sales, {open_sales} still open", "let the running terminal finish it, or start it")
    return ok(f"{sales} sales, undamaged")


def _damage(path: Path) -> str | None:
    """SQLite's own first complaint, ``ok``, or None if looking took too long."""
    deadline_s = time.monotonic() + QUICK_CHECK_S
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        db.set_progress_handler(lambda: time.monotonic() > deadline_s, 100)
        return str(db.execute("PRAGMA quick_check(1)").fetchone()[0]).splitlines()[0]
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            return None
        raise
    finally:
        db.close()


def check_clock(_config: Config, system: System) -> Finding:
    now_s = system.now()
    shown = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(now_s))
    advice = "connect the network and see: timedatectl; a clock chip with a battery keeps time through a power cut"
    if now_s < EARLIEST_CREDIBLE_S:
        return failed(f"it stands at {shown}, so certificates look not yet valid", advice)
    if system.path("/run/systemd/timesync/synchronized").exists() or system.clock_is_synchronised():
        return ok(f"{shown}, synchronised")
    if system.clock_is_synchronised() is None:
        return warning(f"{shown}; cannot tell whether it is synchronised", "compare it with a watch; see: timedatectl")
    return warning(f"{shown}, not synchronised", advice)


UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_SINCE_START = 1 << 0, 1 << 16
SLOWED_NOW, SLOWED_SINCE_START = 0b1110, 0b1110 << 16
"""Frequency capped, throttled or soft temperature limit. Raspberry Pi documentation, "vcgencmd", get_throttled."""


def check_power(_config: Config, system: System) -> Finding:
    text = system.read("/sys/devices/platform/soc/soc:firmware/get_throttled").strip()
    try:
        flags = int(text, 16)
    except ValueError:
        return ok("this machine does not measure its supply")
    if flags & (UNDER_VOLTAGE_NOW | UNDER_VOLTAGE_SINCE_START):
        when = "now" if flags & UNDER_VOLTAGE_NOW else "since it was started"
        return warning(f"the supply's voltage is or was too low ({when})", "use the Raspberry Pi's own power supply")
    if flags & (SLOWED_NOW | SLOWED_SINCE_START):
        when = "now" if flags & SLOWED_NOW else "since it was started"
        return warning(f"too hot: the processor is or was slowed down ({when})", "give it air, or a heat sink")
    return ok("the supply's voltage is sufficient")


def _why(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)
