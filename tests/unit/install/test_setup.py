"""The guided configuration, with a typist in place of a person and folders in place of a machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from terminal.config.schema import Config, load_config
from terminal.errors import TerminalError
from terminal.install.secret_store import Stored
from terminal.install.setup import Dialogue, run_setup
from terminal.install.trials import try_printer, try_sale
from terminal.sale.sensitive import Sensitive
from tests.integration.counter import write_config
from tests.integration.netgiro import APPLICATION_ID, SECRET_KEY, NetgiroProcess

SHIPPED = Path(__file__).parents[3] / "config.toml"
KEY = "Th1s1sTheSecretKey0fTheSetupTests+/x9Qm3Zk7Vb2Nw8Lr4Yp6Tg5Hs1Jd0Fc=="


class Installer:
    """Answers questions by words in them; Enter to all others. ``said`` is everything that was on the screen."""

    def __init__(self, root: Path, answers: Mapping[str, str] | None = None, secret: str = "") -> None:
        self.said: list[str] = []
        self.stored: list[Sensitive] = []
        self._answers = dict(answers or {})
        self._secret = secret
        self._root = root
        self._question = ""

    def dialogue(self, *trials: tuple[str, Callable[[Config], str]]) -> Dialogue:
        return Dialogue(self._read, self._read_secret, self._say, self._root, self._store, trials)

    def _say(self, text: str) -> None:
        self.said.append(text)
        if not text.startswith("  "):
            self._question = text

    def _read(self, prompt: str) -> str:
        self.said.append(prompt)
        asked = self._question + prompt if prompt.startswith("  ") else prompt
        for words in self._answers:
            if words in asked:
                answer = self._answers[words]
                if answer == "Ctrl-C":
                    raise KeyboardInterrupt
                return answer
        return ""

    def _read_secret(self, prompt: str) -> str:
        self.said.append(prompt)
        return self._secret if prompt.startswith("Secret key") else self._answers.get("Staff code", "")

    def _store(self, secret: Sensitive) -> Stored:
        self.stored.append(secret)
        return Stored(Path("/etc/credstore/netgiro-secret-key"), encrypted=False)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A register's adapter with a serial number, a printer's without one."""
    root = tmp_path / "root"
    for name in ("ttyUSB0", "ttyUSB1"):
        (root / "dev").mkdir(parents=True, exist_ok=True)
        (root / "dev" / name).touch()
    (root / "dev/serial/by-id").mkdir(parents=True)
    (root / "dev/serial/by-path").mkdir()
    (root / "dev/serial/by-id/usb-FTDI_A1-if00-port0").symlink_to("../../ttyUSB0")
    (root / "dev/serial/by-path/platform-usb-0:1.1").symlink_to("../../ttyUSB0")
    (root / "dev/serial/by-path/platform-usb-0:1.2").symlink_to("../../ttyUSB1")
    return root


def test_enter_all_the_way_writes_the_shipped_file(tmp_path: Path, machine: Path) -> None:
    path = tmp_path / "config.toml"

    installer = Installer(machine)
    run_setup(path, SHIPPED, installer.dialogue())

    assert path.read_text("utf-8") == SHIPPED.read_text("utf-8")
    where = ("https://partner.test.netgiro.is/Account/Register", "Stillingar", "Listi yfir öll vörumerki")
    assert all(words in " ".join(installer.said) for words in where)


def test_answers_end_in_the_file_and_the_key_in_the_store(tmp_path: Path, machine: Path) -> None:
    path = tmp_path / "config.toml"
    answers = {
        "Language of screen": "en",
        "Shop's name": "Kaffihúsið",
        "Staff code": "4711",
        "Application ID": "881E674F-7891-4C20-AFD8-56FE2624C4B5",
        "Register's port": "1",
        "How it writes": "2",
        "Printer's port": "2",
        "Characters on a line": "32",
    }
    installer = Installer(machine, answers, secret=f" {KEY}\n")

    status = run_setup(path, SHIPPED, installer.dialogue())

    config = load_config(path, {})
    assert status == 0
    assert config.terminal.language == "en"
    assert config.shop.name == "Kaffihúsið"
    assert config.terminal.staff_code == Sensitive("4711")
    assert "4711" not in "\n".join(installer.said)
    assert config.register.port == "/dev/serial/by-id/usb-FTDI_A1-if00-port0"
    assert config.register.amount_decimals == 2
    assert config.printer.device == "/dev/serial/by-path/platform-usb-0:1.2"
    assert config.printer.columns == 32
    assert installer.stored == [Sensitive(KEY)]
    assert KEY not in path.read_text("utf-8") + "\n".join(installer.said)


def test_a_port_is_offered_once_by_serial_number_or_else_by_socket(tmp_path: Path, machine: Path) -> None:
    installer = Installer(machine)

    run_setup(tmp_path / "config.toml", SHIPPED, installer.dialogue())

    offered = installer.said[installer.said.index("Register's port") + 1 :][:3]
    assert offered[0] == "  1  /dev/serial/by-id/usb-FTDI_A1-if00-port0"
    assert offered[1] == "  2  /dev/serial/by-path/platform-usb-0:1.2"
    assert not re.match(r"  3  ", offered[2])


def test_ctrl_c_at_any_question_leaves_everything_as_it_was(tmp_path: Path, machine: Path) -> None:
    path = tmp_path / "config.toml"
    for question in ("Language of screen", "Shop's name", "Register's port", "Characters on a line", "Display"):
        answers = {question: "Ctrl-C", "Language of": "en", "terminal's id": "T9"}
        installer = Installer(machine, answers, secret=KEY)

        with pytest.raises(KeyboardInterrupt):
            run_setup(path, SHIPPED, installer.dialogue())

        assert not path.exists()
        assert installer.stored == []


def test_an_answer_that_cannot_be_is_asked_for_again_and_not_for_ever(tmp_path: Path, machine: Path) -> None:
    installer = Installer(machine, {"Shop's kennitala": "12"})

    with pytest.raises(TerminalError, match=r"shop\.kennitala: no usable answer"):
        run_setup(tmp_path / "config.toml", SHIPPED, installer.dialogue())

    assert sum("must be ten digits" in line for line in installer.said) == 5
    assert not (tmp_path / "config.toml").exists()


def test_a_second_time_what_was_answered_is_the_default(tmp_path: Path, machine: Path) -> None:
    path = tmp_path / "config.toml"
    run_setup(path, SHIPPED, Installer(machine, {"Shop's name": "Búðin"}).dialogue())
    first = path.read_text("utf-8")

    run_setup(path, SHIPPED, Installer(machine).dialogue())

    assert path.read_text("utf-8") == first


def test_trials_get_the_new_configuration_with_the_key_that_was_typed(tmp_path: Path, machine: Path) -> None:
    seen: list[Config] = []
    installer = Installer(machine, {"terminal's id": "T7"}, secret=KEY)

    def look(config: Config) -> str:
        seen.append(config)
        return "looked"

    run_setup(tmp_path / "config.toml", SHIPPED, installer.dialogue(("Look", look)))

    assert (seen[0].terminal.id, seen[0].netgiro.secret_key) == ("T7", Sensitive(KEY))
    assert "  looked" in installer.said


# --- trials -----------------------------------------------------------------------------------------------------------


def configured(folder: Path, **sections: dict[str, object]) -> Config:
    write_config(folder / "config.toml", sections)
    return load_config(folder / "config.toml", {})


def test_the_slip_has_every_icelandic_letter(tmp_path: Path) -> None:
    paper = tmp_path / "paper"

    said = try_printer(configured(tmp_path, printer={"driver": "file", "device": str(paper), "codepage": "CP1252"}))

    assert said.startswith("printed")
    assert "ÁÐÉÍÓÚÝÞÆÖ áðéíóúýþæö €".encode("cp1252") in paper.read_bytes()


def test_a_printer_that_is_not_there_is_told_with_its_reason(tmp_path: Path) -> None:
    device = tmp_path / "none/lp0"

    said = try_printer(configured(tmp_path, printer={"driver": "file", "device": str(device)}))

    assert said.startswith("not printed: ")


def test_a_printer_without_a_port_is_not_tried(tmp_path: Path) -> None:
    assert try_printer(configured(tmp_path, printer={"driver": "serial"})).startswith("not tried: ")


def test_the_trial_sale_is_opened_and_given_up(tmp_path: Path) -> None:
    netgiro = NetgiroProcess(tmp_path)
    try:
        credentials = {"application_id": APPLICATION_ID, "secret_key": SECRET_KEY}

        said = try_sale(configured(tmp_path, netgiro={"base_url": f"{netgiro.base_url}/v1", **credentials}))

        (cart,) = netgiro.carts()
        assert said.startswith(f"sale {cart['TransactionId']} was opened and given up")
        assert netgiro.ledger() == []
    finally:
        netgiro.close()


def test_no_sale_is_tried_where_money_is_real(tmp_path: Path) -> None:
    netgiro = {"base_url": "https://api.netgiro.is/v1", "application_id": "A", "secret_key": "k"}

    assert try_sale(configured(tmp_path, netgiro=netgiro)).startswith("not tried: this is production")
