"""A machine in memory whose daemon starts what ``current`` names, and releases for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from terminal.errors import TerminalError
from terminal.install.release import Release
from terminal.install.slots import Slots
from terminal.system.ask import NotRunning
from tests.unit.install.test_release import MANIFEST, Publisher, pack

OLD, NEW = "1.2.2", "1.2.3"


class MachineInMemory:
    """Versions are files in the slots; time passes when somebody pauses."""

    def __init__(self, opt: Path) -> None:
        self.slots = Slots(opt)
        self.now_s = 0.0
        self.pid = 100
        self.running: str | None = None
        self.open_sale: int | None = None
        self.happens: list[tuple[float, Callable[[], None]]] = []
        self.does_not_start: set[str] = set()
        self.failed: dict[str, set[str]] = {}
        self.refuses_config: set[str] = set()
        self.on_start: Callable[[str], None] = lambda _version: None
        self.restarts_during_sale = 0
        self.files = OLD
        self.trouble = ""

    def later(self, delay_s: float, what: Callable[[], None]) -> None:
        self.happens.append((self.now_s + delay_s, what))

    def pause(self, duration_s: float) -> None:
        self.now_s += duration_s
        due = [what for at_s, what in self.happens if at_s <= self.now_s]
        self.happens = [one for one in self.happens if one[0] > self.now_s]
        for what in due:
            what()

    # --- Machine ------------------------------------------------------------------------------------------------------

    def install(self, release: Release, slot: Path) -> None:
        (slot / "bin").mkdir(parents=True, exist_ok=True)
        (slot / "bin/netgiro-terminal").write_text(release.manifest.version)

    def version(self, slot: Path) -> str:
        return (slot / "bin/netgiro-terminal").read_text()

    def check_config(self, slot: Path) -> None:
        if self.version(slot) in self.refuses_config:
            raise TerminalError("register.protocol: unknown")

    def put_files(self, slot: Path) -> None:
        self.files = self.version(slot)

    def failed_checks(self, slot: Path) -> set[str]:
        return self.failed.get(self.version(slot), set())

    def power_trouble(self) -> str:
        return self.trouble

    def is_running(self) -> bool:
        return self.running is not None

    def start(self) -> None:
        version = self.version(self.slots.folder(self.slots.current))
        if version in self.does_not_start:
            self.running = None
            return
        self.on_start(version)
        self.running = version
        self.pid += 1

    def stop(self) -> None:
        self.restarts_during_sale += self.open_sale is not None
        self.running = None

    def ask(self, command: str) -> dict[str, Any]:
        if self.running is None:
            raise NotRunning("the terminal does not run")
        if command == "status":
            sale = {"number": self.open_sale} if self.open_sale is not None else None
            return {"pid": self.pid, "version": self.running, "sale": sale}
        if self.open_sale is not None:
            raise TerminalError(f"sale {self.open_sale} is open")
        self.start()  # as systemd does with Restart=always
        return {}


Published = tuple[Path, Path, Path]


def signed(folder: Path, published: tuple[Path, Path, Path], **manifest: str) -> tuple[Path, Path, Path]:
    """Another release by the same publisher."""
    *_, keys = published
    publisher = Publisher.__new__(Publisher)
    publisher.key = keys.parent / "key"
    archive = pack(folder / "other.tar.gz", manifest={**MANIFEST, **manifest})
    return archive, publisher.sign(archive), keys
