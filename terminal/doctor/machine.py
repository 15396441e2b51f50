"""Checks of the machine: the disk under the journal, the journal, the clock and the power supply."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import TypeAlias

from terminal.config.schema import Config
from terminal.doctor.system import Finding, System, failed, ok, warning
from terminal.errors import TerminalError
from terminal.journal import board
from terminal.journal.check import MOST_CHECKED_BYTES
from terminal.journal.database import open_for_reading, real_path
from terminal.journal.rebuild import is_acknowledged, tell
from terminal.journal.rows import RepairRow
from terminal.journal.thread import MIN_FREE_BYTES, JournalFile
from terminal.system.clock import EARLIEST_CREDIBLE_S
from terminal.system.owner import as_owner_of

MIB = 1024 * 1024
COMFORTABLE_BYTES = 200 * MIB
QUICK_CHECK_S = 8.0


def _probe(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"probe")
        probe.flush()
        os.fsync(probe.fileno())


def check_disk(config: Config, _system: System) -> Finding:
    """The journal's folder can be written and has room; below MIN_FREE_BYTES no sale begins."""
    folder = Path(config.journal.path).parent
    try:
        as_owner_of(folder, lambda: _probe(folder))
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


WORN_OUT, NEARLY = 0x0B, 0x0A
SPARES_USED = {2: "80", 3: "90"}
"""eMMC, JEDEC JESD84-B50, extended CSD 267 to 269: DEVICE_LIFE_TIME_EST in tenths of the life used, the one begun
included, for two kinds of cells; PRE_EOL_INFO for the blocks in reserve. 0 is "not defined"."""


def check_wear(_config: Config, system: System) -> Finding:
    """Of eMMC and SD. An SD card has no such register; whether one wears out, only errors in the kernel's log tell."""
    told = [_wear(card) for card in sorted(system.path("/sys/block").glob("mmcblk[0-9]"))]
    found = "; ".join(finding.found for finding in told) or "no card and no eMMC in this machine"
    return next((warning(found, finding.advice) for finding in told if finding.advice), ok(found))


def _wear(card: Path) -> Finding:
    life, spares = (_hex_numbers(card / "device" / file) for file in ("life_time", "pre_eol_info"))
    used = max(life, default=0)
    if not used:
        return ok(f"{card.name}: not told by this card")
    found = f"{card.name}: worn out" if used >= WORN_OUT else f"{card.name}: {10 * (used - 1)} to {10 * used} % worn"
    if share := SPARES_USED.get(max(spares, default=0)):
        found += f", {share} % of its spare blocks used"
    if used >= NEARLY or share:
        return warning(found, "back up the journal (netgiro-terminal journal backup) and replace it")
    return ok(found)


def _hex_numbers(file: Path) -> list[int]:
    try:
        return [int(word, 16) for word in file.read_text(encoding="ascii").split()]
    except (OSError, ValueError):
        return []


def check_journal(config: Config, _system: System) -> Finding:
    """It can be read, belongs to this board, is undamaged, and nothing that is missing waits to be acknowledged."""
    path = Path(config.journal.path)
    try:
        if not path.exists():
            return ok("none yet: the first start makes it")
        if foreign := as_owner_of(path.parent, lambda: board.foreign_to(real_path(path)), str):
            return failed(foreign, board.WHAT_TO_DO.format(path=path))
        sales, open_sales, lossy, damage = as_owner_of(path.parent, lambda: _look_into(path), Looked)
    except (TerminalError, sqlite3.Error, OSError) as error:
        return failed(str(error), "if it is damaged, restart the terminal: it keeps the file and makes a new one")
    if damage is None:
        return warning(
            f"{sales} sales; too large to look through now", "look at night: netgiro-terminal journal verify"
        )
    if damage != "ok":
        return failed(f"damaged: {damage}", "restart the terminal: it keeps the file and makes a new one")
    if lossy and not is_acknowledged(real_path(path), lossy[-1]):
        return warning(
            tell(lossy[-1]), "compare the sales with Netgíró's list, then: netgiro-terminal journal acknowledge"
        )
    if open_sales:
        return warning(f"{sales} sales, {open_sales} still open", "let the running terminal finish it, or start it")
    return ok(f"{sales} sales, undamaged")


Looked: TypeAlias = tuple[int, int, list[RepairRow], str | None]


def _look_into(path: Path) -> Looked:
    """How many sales, how many of them open, the last repair that lost something, and what SQLite says."""
    with JournalFile(path, lambda: "", read_only=True) as journal:
        journal.open()
        lossy = [repair for repair in journal.repairs() if not repair.is_complete][-1:]
        return journal.next_number() - 1, len(journal.open_sales()), lossy, _damage(path)


def _damage(path: Path) -> str | None:
    """SQLite's own first complaint, ``ok``, or None if looking takes too long: within one table nothing stops it."""
    if path.stat().st_size > MOST_CHECKED_BYTES:
        return None
    deadline_s = time.monotonic() + QUICK_CHECK_S
    db = open_for_reading(path)
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


FLAGS = "devices/platform/soc*/soc*:firmware/get_throttled"
"""Raspberry Pi OS. The node is ``soc`` up to the Pi 4 and ``soc@107c000000`` on the Pi 5."""
ALARM = "class/hwmon/hwmon*/in0_lcrit_alarm"
"""Linux, "Kernel driver raspberrypi-hwmon": any kernel, but under-voltage only, and of the last seconds only."""
UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_SINCE_START = 1 << 0, 1 << 16
THROTTLED_NOW = 1 << 2
SLOWED_NOW, SLOWED_SINCE_START = 0b1110, 0b1110 << 16
"""Frequency capped, throttled or soft temperature limit. Raspberry Pi documentation, "vcgencmd", get_throttled."""


def check_power(_config: Config, system: System) -> Finding:
    """The supply's voltage and the heat, now and since the start, by the flags of the Pi's firmware."""
    flags = power_flags(system)
    if flags is None:
        if "Raspberry Pi" in system.read("/proc/device-tree/model"):
            return warning("cannot tell whether the voltage is sufficient", "see: vcgencmd get_throttled")
        return ok("this machine does not measure its supply")
    if flags & (UNDER_VOLTAGE_NOW | UNDER_VOLTAGE_SINCE_START):
        when = "now" if flags & UNDER_VOLTAGE_NOW else "since it was started"
        return warning(f"the supply's voltage is or was too low ({when})", "use the Raspberry Pi's own power supply")
    if flags & (SLOWED_NOW | SLOWED_SINCE_START):
        when = "now" if flags & SLOWED_NOW else "since it was started"
        return warning(f"too hot: the processor is or was slowed down ({when})", "give it air, or a heat sink")
    return ok("the supply's voltage is sufficient")


def power_trouble_now(system: System) -> str:
    """Why this is no time for hard work such as an upgrade; empty if it is one, or nothing is known."""
    flags = power_flags(system) or 0
    if flags & UNDER_VOLTAGE_NOW:
        return "the supply's voltage is too low: use the Raspberry Pi's own power supply"
    return "the processor is slowed down by heat: give it air" if flags & THROTTLED_NOW else ""


def power_flags(system: System) -> int | None:
    """What stands in get_throttled, or as much of it as is known; None if this machine tells nothing."""
    for file in sorted(system.path("/sys").glob(FLAGS)):
        with contextlib.suppress(OSError, ValueError):
            return int(file.read_text(encoding="ascii"), 16)
    for alarm in sorted(system.path("/sys").glob(ALARM)):
        with contextlib.suppress(OSError, ValueError):
            if (alarm.parent / "name").read_text(encoding="ascii").strip() == "rpi_volt":
                return UNDER_VOLTAGE_NOW if int(alarm.read_text(encoding="ascii")) else 0
    return None


def _why(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)
