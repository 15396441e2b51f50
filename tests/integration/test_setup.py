"""A walk through ``setup`` at a real terminal line: unseen keys, pastes, an unknown register, and a sale at the end."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import sys
import threading
import time
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from terminal.config.control_path import control_path
from terminal.config.schema import load_config, read_config
from terminal.doctor.status import SaleStatus, TerminalStatus
from terminal.register.unknown.capture import read_capture
from terminal.system.control import ControlServer
from tests.patience import at_most

ROOT = Path(__file__).parents[2]
KEY = "Th1s1sTheSecretKey0fTheSetupTests+/x9Qm3Zk7Vb2Nw8Lr4Yp6Tg5Hs1Jd0Fc=="
APPLICATION_ID = "11112222-7891-4C20-AFD8-56FE2624C4B5"
CHILD = """
import sys
from pathlib import Path
from terminal.install.secret_store import Stored
from terminal.install.setup import Dialogue, run_setup

folder = Path(sys.argv[1])

def store(secret):
    (folder / "stored").write_text(secret.reveal())
    return Stored(folder / "stored", encrypted=False)

dialogue = Dialogue(root=folder / "root", store=store, trials=(), start=lambda: True)
sys.exit(run_setup(folder / "config.toml", folder / "shipped.toml", dialogue))
"""


class Walk:
    """What the installer sees and types."""

    def __init__(self, folder: Path) -> None:
        self.seen = ""
        self._read_to = 0
        self.pid, self._line = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.execv(sys.executable, [sys.executable, "-c", CHILD, str(folder)])

    def waits_for(self, words: str) -> None:
        """Until they stand on the screen, behind everything that was waited for before."""
        until_s = time.monotonic() + at_most(20)
        while words not in self.seen[self._read_to :]:
            left_s = until_s - time.monotonic()
            assert left_s > 0, f"{words!r} is not asked; seen: {self.seen[-800:]}"
            if select.select([self._line], [], [], left_s)[0]:
                try:
                    self.seen += os.read(self._line, 65_536).decode("utf-8", "replace")
                except OSError as error:
                    raise AssertionError(f"it ended before {words!r}: {self.seen[-800:]}") from error
        self._read_to = self.seen.index(words, self._read_to) + len(words)

    def answers(self, question: str, answer: str = "") -> None:
        self.waits_for(question)
        self.waits_for("]")
        self.types(answer)

    def through(self, dialogue: Sequence[tuple[str, str]]) -> None:
        for question, answer in dialogue:
            self.answers(question, answer)

    def types(self, text: str) -> None:
        os.write(self._line, f"{text}\n".encode())

    def ends(self) -> int:
        _, status = os.waitpid(self.pid, 0)
        os.close(self._line)
        return os.waitstatus_to_exitcode(status)


@contextmanager
def register_on_a_pty() -> Iterator[tuple[int, str]]:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    yield ours, os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


@contextmanager
def terminal_with_one_sale(config_path: Path) -> Iterator[None]:
    """Stands for the service that setup has started: it is asked, and has a sale for a while."""
    looks = [0]

    async def status(_request: object) -> Mapping[str, object]:
        looks[0] += 1
        sale = SaleStatus(number=7, reference="T1-7", amount_kr=1990, state="ENTRY", created="2026-11-23T12:00:00Z")
        whole = TerminalStatus(
            version="1", terminal_id="T1", service="x", pid=1, started="2026-11-23T12:00:00Z", state="idle",
            sale=sale if looks[0] == 2 else None,
        )  # fmt: skip
        return dict(msgspec.to_builtins(whole))

    stop = threading.Event()

    async def serve() -> None:
        server = ControlServer(control_path(read_config(config_path, {})[0]), {"status": status})
        await server.start()
        await asyncio.to_thread(stop.wait)
        await server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


BEFORE_LISTENING = [
    ("Hraði og form línu", ""),
    ("Flæðistýring", ""),
]
AFTER_LISTENING = [
    ("Hraði og form línu", "9600 8N1"),
    ("Flæðistýring", ""),
    ("Hvaða skipanir notar kassinn?", ""),
    ("Tengi við alvöru skjáinn", ""),
    ("Hvernig skrifar kassinn", ""),
    ("API Netgíró", ""),
    ("Netgíró: prófun", ""),
    ("Application ID frá Netgíró", KEY),
    ("þetta líkist leynilyklinum", APPLICATION_ID),
    ("Leynilykill", APPLICATION_ID),
    ("þetta er Application ID", KEY),
    ("Tungumál kvittana", ""),
    ("Auðkenni posans", "T7\nrusl"),
    ("Nafn búðar", "Búðin"),
    ("Kennitala búðar", "12"),
    ("tíu tölustafir", ""),
    ("Símanúmer", "555 1234"),
    ("Starfsmannakóði", "4711"),
    ("Prentari", "none"),
    ("Takkaborð:", "matrix"),
    ("Skanni:", ""),
    ("Stýring skjásins", "sh1106"),
    ("Stærð skjásins", ""),
    ("Tenging skjásins", ""),
    ("efstu 16 línur", ""),
]
"""What the screen says, and what is typed at the next prompt."""


def test_a_blank_machine_is_set_up_from_an_unknown_register_to_a_sale(tmp_path: Path) -> None:
    (tmp_path / "root/dev").mkdir(parents=True)
    shipped = (ROOT / "config.toml").read_text("utf-8")
    journal = f'path = "{tmp_path}/journal.db"'
    (tmp_path / "shipped.toml").write_text(re.sub(r'path = "/var[^"]*"', journal, shipped), "utf-8")
    config_path = tmp_path / "config.toml"
    with register_on_a_pty() as (register, port):
        walk = Walk(tmp_path)
        walk.answers("Tungumál / language", "is")
        walk.waits_for("Enter heldur því sem stendur í [hornklofum]")
        walk.answers("Hvað talar kassinn?", "?")
        walk.answers("Tengi við kassa", port)
        walk.through(BEFORE_LISTENING)
        walk.waits_for("Gerðu sölu á kassanum núna")
        walk.waits_for("ring up a sale")
        for chunk in read_capture((ROOT / "tests/captures/display_bixolon.txt").read_text("utf-8")):
            os.write(register, chunk.data)
        walk.waits_for("TIL BAKA")
        walk.types("")
        walk.waits_for("notað: protocol = ")
        walk.through(AFTER_LISTENING)
        walk.waits_for("skrifað: ")
        walk.waits_for("Setja posann í gang?")
        with terminal_with_one_sale(config_path):
            walk.types("")
            walk.waits_for("Gerðu nú sölu á kassanum")
            walk.waits_for("sala 1.990 kr.: ENTRY")
            walk.waits_for("Sölu 7 er lokið")
            assert walk.ends() == 0
    config = load_config(config_path, {})
    assert (config.register.protocol, config.register.port) == ("display", port)
    assert (config.terminal.id, config.shop.name, config.shop.service_phone) == ("T7", "Búðin", "555 1234")
    assert config.terminal.staff_code.reveal() == "4711"
    assert (tmp_path / "stored").read_text("utf-8") == KEY
    assert walk.seen.count(KEY) == 1, "only where it was pasted into the wrong question"
    assert "4711" not in walk.seen
    assert KEY not in config_path.read_text("utf-8")
