"""A counter as the people around it see it: a register's cable, keys, a screen, paper, and the customer's phone.

    counter.pay("42", 1990)             the register rings up
    counter.press(PATIENT_PHONE + "#")  the customer types
    counter.accept()                    and presses "accept" on the phone
    counter.result("42")                what the register is told

Two kinds: :class:`DemoCounter` is the whole product in one process (``demo``), :class:`ShopCounter` the daemon
(``run``) with simulated keypad and display beside a simulated Netgíró that outlives it, so that it can be killed and
started again.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from hardware.printer import paper
from terminal.commands import main as cli
from tests.integration.netgiro import APPLICATION_ID, PATIENT_PHONE, SECRET_KEY, SimulatedNetgiro
from tests.integration.process import DEADLINE_S, Process, environment, wait_until
from tests.integration.register import PluggableRegister, Register, open_register
from tests.loopback import CALL_BY_CALL
from tests.patience import at_most

Settings = dict[str, dict[str, Any]]

SIMULATED: Settings = {
    "terminal": {"language": "en"},
    "receipt": {"language": "en"},
    "shop": {"name": "Test shop"},
    "keypad": {"driver": "simulated", "debounce_ms": 1},
    "display": {"driver": "simulated"},
    "printer": {"driver": "simulated"},
}

_stdout_is_shared = threading.Lock()


def merged(*settings: Settings) -> Settings:
    """Later ones win, key by key."""
    whole: Settings = {}
    for one in settings:
        for section, values in one.items():
            whole[section] = whole.get(section, {}) | values
    return whole


def write_config(path: Path, settings: Settings) -> None:
    """As TOML, whose strings, numbers and booleans are JSON's."""
    lines: list[str] = []
    for section, values in settings.items():
        lines += [
            f"[{section}]",
            *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()),
        ]
    path.write_text("\n".join(lines) + "\n")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Counter:
    """What both kinds have in common. ``folder`` holds configuration, journal and log."""

    register: Register
    netgiro: SimulatedNetgiro
    process: Process

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.config_path = folder / "config.toml"
        self.log_path = folder / "terminal.log"
        self.settings = merged(SIMULATED, {"journal": {"path": str(folder / "journal.db")}}, settings)
        self.env: Mapping[str, str] = environment()
        self._panel = httpx.Client(**CALL_BY_CALL, timeout=at_most(DEADLINE_S))
        self._carts_before: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> float:
        """SIGTERM; how long it took, in seconds."""
        return self.process.stop()

    def kill(self) -> None:
        """The plug is pulled."""
        self.process.kill()

    def close(self) -> None:
        self.process.kill()
        self._panel.close()
        self.register.close()

    # --- the register and the customer --------------------------------------------------------------------------------

    def pay(self, register_id: str, amount_kr: int = 1990) -> None:
        """Ring up; the terminal must take it."""
        self._carts_before = self.netgiro.carts()
        self.register.ask(f"PAY {amount_kr} ID={register_id}", f"WAIT ID={re.escape(register_id)}")

    def takes_the_offer(self) -> None:
        """The cashier accepts the total that is offered, and the customer pays it by phone."""
        carts = self.netgiro.carts()
        assert self.state()["state"] == "idle"
        self.press("#")
        self.wait_for("entry")
        self.press(PATIENT_PHONE + "#")
        self.netgiro.accept(self.netgiro.new_cart(carts))
        self.wait_for_screen("Approved")

    def press(self, keys: str) -> None:
        self.post("/api/keypad", {"keys": keys})

    def cart(self) -> dict[str, Any]:
        """What the simulated Netgíró has of the last sale that was rung up."""
        cart = self.netgiro.new_cart(self._carts_before)
        return self.netgiro.cart(cart["TransactionId"])

    def accept(self) -> None:
        self.netgiro.accept(self.cart())

    def reject(self) -> None:
        self.netgiro.reject(self.cart())

    def result(self, register_id: str) -> str:
        """What the register is told in the end: the whole line."""
        return self.register.result(register_id)

    def clear(self) -> None:
        """Give up what a failed test left open, so that the next one fails for reasons of its own only."""
        self.register.send("")
        self.register.send("CANCEL")
        self.wait_for("idle")
        self.register.send("STATUS")
        while self.register.line() != "READY":
            pass

    # --- what can be seen ---------------------------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        response = self._panel.get(path)
        assert response.is_success, response.text
        return response.json()

    def get_bytes(self, path: str) -> bytes:
        response = self._panel.get(path)
        assert response.is_success, response.text
        return response.content

    @contextlib.contextmanager
    def watch_events(self) -> Iterator[Iterator[str]]:
        """What a browser gets of /api/events, line by line."""
        with self._panel.stream("GET", "/api/events") as response:
            yield response.iter_lines()

    def post(self, path: str, body: Any) -> Any:
        response = self._panel.post(path, json=body)
        assert response.is_success, response.text
        return response.json()

    def log_in(self, password: str) -> None:
        """At a panel that asks for it; the cookie is kept."""
        response = self._panel.post("/login", data={"password": password})
        assert response.headers["location"] == "/", response.headers

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.get("/api/state")
        return state

    def wait_for(self, state: str) -> None:
        """Until the open sale is in this state, or "idle"."""
        wait_until(f"state {state}", lambda: self.state()["state"] == state)

    def wait_for_screen(self, text: str) -> None:
        wait_until(f"{text!r} on the screen", lambda: text in "\n".join(self.state()["display"]))

    def set_printer(self, **condition: Any) -> None:
        response = self._panel.put("/api/printer", json=condition)
        assert response.is_success, response.text

    def receipts(self, *containing: str) -> list[dict[str, Any]]:
        """The finished pieces of paper on which all of this stands, oldest first."""
        receipts: list[dict[str, Any]] = self.get("/api/receipts")
        return [one for one in receipts if one["finished"] and all(text in one["text"] for text in containing)]

    def wait_for_receipts(self, count: int, *containing: str) -> list[dict[str, Any]]:
        wait_until(f"{count} receipts with {containing}", lambda: len(self.receipts(*containing)) >= count)
        return self.receipts(*containing)

    def journal(self, *options: str) -> list[dict[str, Any]]:
        """``journal list --json``, newest first; run in this process, because Python takes longer to start than it."""
        with _stdout_is_shared, contextlib.redirect_stdout(io.StringIO()) as output:
            assert cli.main(["journal", "list", "--json", *options, "--config", str(self.config_path)]) == 0
        return [json.loads(line) for line in output.getvalue().splitlines()]

    def journal_row(self, register_id: str) -> dict[str, Any]:
        """The one row of this sale."""
        rows = [row for row in self.journal() if row["register_id"] == register_id]
        assert len(rows) == 1, rows
        return rows[0]


class DemoCounter(Counter):
    """``demo --headless``: terminal, register cable and simulated Netgíró in one process."""

    def start(self) -> None:
        """A new cable and a new Netgíró each time; only the journal stays."""
        write_config(self.config_path, self.settings)
        self.process = Process(
            *("demo", "--port", "0", "--headless", "--state", str(self.folder), "--config", str(self.config_path)),
            log_path=self.log_path,
        )
        base_url = self.process.wait_for_output(r"Front panel +(http://127\.0\.0\.1:\d+)/\n")[1]
        self._panel.base_url = httpx.URL(base_url)
        self.register = open_register(self.process.wait_for_output(r"Register +(/dev/\S+) ")[1])
        self.netgiro = SimulatedNetgiro(base_url)
        self._panel_is_up()

    def _panel_is_up(self) -> None:
        wait_until("devices that are ready", lambda: self.state()["register"] == self.state()["keypad"] == "ok")

    def stop(self) -> float:
        self._let_go()
        return super().stop()

    def close(self) -> None:
        super().close()
        self._let_go()

    def _let_go(self) -> None:
        self.register.close()
        self.netgiro.close()


class ShopCounter(Counter):
    """``run``: the daemon as in a shop; register, paper and journal stay when it is killed."""

    def __init__(self, folder: Path, netgiro: SimulatedNetgiro, settings: Settings | None = None) -> None:
        self.register = self.cable = PluggableRegister(folder / "register")
        self.netgiro = netgiro
        self.paper_path = folder / "paper.bin"
        panel = f"127.0.0.1:{free_port()}"
        connected: Settings = {
            "netgiro": {"base_url": f"{netgiro.base_url}/v1", "application_id": APPLICATION_ID},
            "register": {"port": str(self.cable.port)},
            "printer": {"driver": "file", "device": str(self.paper_path)},
            "panel": {"listen": panel},
        }
        super().__init__(folder, merged(connected, settings or {}))
        self.env = environment(NETGIRO_SECRET_KEY=SECRET_KEY)
        self._panel.base_url = httpx.URL(f"http://{panel}")

    def start(self, until: str = "") -> None:
        """``until``: what the log then says; default: that it is ready for this register."""
        write_config(self.config_path, self.settings)
        self.process = Process("run", "--config", str(self.config_path), log_path=self.log_path, env=self.env)
        self.process.wait_for_output(until or f"ready: {self.settings['register'].get('protocol', 'line')}")

    def wait_for_devices(self) -> None:
        wait_until("devices that are ready", lambda: self.state()["register"] == self.state()["keypad"] == "ok")

    def paper(self, *containing: str) -> list[str]:
        """The pieces of paper on which all of this stands, oldest first, from every start until now."""
        data = self.paper_path.read_bytes() if self.paper_path.exists() else b""
        pieces = paper.as_text(paper.decode(data, 48), 48).split("[cut]")[:-1]
        return [piece for piece in pieces if all(text in piece for text in containing)]

    def wait_for_paper(self, count: int, *containing: str) -> list[str]:
        wait_until(f"{count} pieces of paper with {containing}", lambda: len(self.paper(*containing)) >= count)
        return self.paper(*containing)
