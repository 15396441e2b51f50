"""The guided configuration, with a typist in place of a person and folders in place of a machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hardware.settings import DISPLAY_SIZES, SerialSettings
from terminal.config.schema import Config, load_config
from terminal.errors import TerminalError
from terminal.install.secret_store import Stored
from terminal.install.setup import Dialogue, run_setup
from terminal.install.trials import try_printer, try_sale
from terminal.register.unknown.guess import Guess
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
        self.started = 0
        self.guesses: list[Guess] = []
        self.listened: list[SerialSettings] = []
        self._answers = {"Tungumál": "en", "Start the terminal": "n", **(answers or {})}
        self._secret = secret
        self._root = root
        self._question = ""

    def dialogue(self, *trials: tuple[str, Callable[[Config], str]]) -> Dialogue:
        return Dialogue(
            self._read,
            self._read_secret,
            self._say,
            self._root,
            self._store,
            self._listen,
            trials,
            self._start,
            self._watch,
        )

    def _say(self, text: str) -> None:
        self.said.append(text)
        if not text.startswith("  "):
            self._question = text

    def _read(self, prompt: str) -> str:
        self.said.append(prompt)
        asked = self._question + prompt if prompt.startswith("  ") else prompt
        for words, answer in self._answers.items():
            if words in asked:
                if answer == "Ctrl-C":
                    raise KeyboardInterrupt
                if answer == "EOF":
                    raise EOFError
                return answer
        return ""

    def _read_secret(self, prompt: str) -> str:
        self.said.append(prompt)
        return self._secret if prompt.startswith(("Secret key", "Leynilykill")) else self._answers.get("Staff code", "")

    def _store(self, secret: Sensitive) -> Stored:
        self.stored.append(secret)
        return Stored(Path("/etc/credstore/netgiro-secret-key"), encrypted=False)

    def _listen(self, settings: SerialSettings, _say: object, _read: object) -> list[Guess]:
        self.listened.append(settings)
        return self.guesses

    def _start(self) -> bool:
        self.started += 1
        return True

    def _watch(self, config: Config, language: str, _say: object, _read: object) -> None:
        self.said.append(f"watching {config.terminal.id} in {language}")


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

    installer = Installer(machine, {"Tungumál": ""})
    run_setup(path, SHIPPED, installer.dialogue())

    assert path.read_text("utf-8") == SHIPPED.read_text("utf-8")
    where = ("https://partner.test.netgiro.is/Account/Register", "Stillingar", "Listi yfir öll vörumerki")
    assert all(words in " ".join(installer.said) for words in where)


def test_answers_end_in_the_file_and_the_key_in_the_store(tmp_path: Path, machine: Path) -> None:
    path = tmp_path / "config.toml"
    answers = {
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


def test_the_register_comes_first_and_in_the_language_just_chosen(tmp_path: Path, machine: Path) -> None:
    english, icelandic = Installer(machine), Installer(machine, {"Tungumál": "is"})
    for installer in (english, icelandic):
        run_setup(tmp_path / "config.toml", SHIPPED, installer.dialogue())
    asked = [line for line in english.said if line and not line.startswith("  ")]
    order = ["Tungumál / language", "What does the register speak?", "Register's port", "Netgíró's API", "Shop's name"]
    places = [next(at for at, line in enumerate(asked) if line.startswith(words)) for words in order]
    assert places == sorted(places)
    assert "Hvað talar kassinn?" in icelandic.said
    assert not [line for line in icelandic.said if line.startswith(("Printer", "Shop", "Register's"))]


def test_an_unknown_register_is_listened_to_and_what_was_heard_is_taken(tmp_path: Path, machine: Path) -> None:
    path = tmp_path / "config.toml"
    answers = {"What does the register speak": "?", "Register's port": "1", "Speed and form": "9600 7e1"}
    installer = Installer(machine, answers)
    installer.guesses = [Guess("noise", "x"), Guess("display", "y", ('protocol = "display"', 'emulation = "cd5220"'))]

    run_setup(path, SHIPPED, installer.dialogue())

    register = load_config(path, {}).register
    assert (register.protocol, register.emulation) == ("display", "cd5220")
    assert (register.baudrate, register.bytesize, register.parity, register.stopbits) == (9600, 7, "E", 1)
    assert (installer.listened[0].port, installer.listened[0].parity) == (register.port, "E")
    assert "Make a sale on the register now, to the end. Enter ends the listening." in installer.said


def test_listening_that_hears_nothing_is_tried_again_and_not_for_ever(tmp_path: Path, machine: Path) -> None:
    installer = Installer(machine, {"What does the register speak": "?", "Register's port": "1"})
    run_setup(tmp_path / "config.toml", SHIPPED, installer.dialogue())
    assert len(installer.listened) == 5


def test_a_register_on_the_network_is_asked_nothing_about_its_line(tmp_path: Path, machine: Path) -> None:
    path = tmp_path / "config.toml"
    installer = Installer(machine, {"What does the register speak": "zvt", "Register's port": "tcp://127.0.0.1:20007"})
    run_setup(path, SHIPPED, installer.dialogue())
    assert load_config(path, {}).register.port == "tcp://127.0.0.1:20007"
    assert not any("Speed and form" in line for line in installer.said)


def test_a_key_pasted_into_another_question_is_taken_for_no_answer(tmp_path: Path, machine: Path) -> None:
    for question in ("Shop's name", "Application ID from", "Register's port", "This terminal's id"):
        installer = Installer(machine, {question: KEY})
        with pytest.raises(TerminalError, match="no usable answer"):
            run_setup(tmp_path / "config.toml", SHIPPED, installer.dialogue())
        assert any("looks like the secret key" in line for line in installer.said), question
        assert all(KEY not in file.read_text("utf-8") for file in tmp_path.iterdir() if file.is_file())


def test_the_keys_form_is_checked_and_an_odd_one_is_taken_when_it_is_typed_twice(tmp_path: Path, machine: Path) -> None:
    an_id = Installer(machine, secret="881E674F-7891-4C20-AFD8-56FE2624C4B5")
    run_setup(tmp_path / "one.toml", SHIPPED, an_id.dialogue())
    assert an_id.stored == []
    assert any("that is an application ID" in line for line in an_id.said)
    odd = Installer(machine, secret="short-key")
    run_setup(tmp_path / "two.toml", SHIPPED, odd.dialogue())
    assert odd.stored == [Sensitive("short-key")]
    assert any("type it again" in line for line in odd.said)


@pytest.mark.parametrize("end", ["Ctrl-C", "EOF"])
def test_what_was_answered_is_kept_for_the_next_time(tmp_path: Path, machine: Path, end: str) -> None:
    path = tmp_path / "config.toml"
    broken_off = Installer(machine, {"Shop's name": "Búðin", "Staff code": "4711", "Characters on": end}, secret=KEY)
    with pytest.raises((KeyboardInterrupt, TerminalError)):
        run_setup(path, SHIPPED, broken_off.dialogue())
    kept = path.with_name(".config.toml.answers")
    assert not path.exists()
    assert "4711" not in kept.read_text("utf-8")
    assert KEY not in kept.read_text("utf-8")
    assert kept.stat().st_mode & 0o077 == 0

    run_setup(path, SHIPPED, Installer(machine).dialogue())

    assert load_config(path, {}).shop.name == "Búðin"
    assert not kept.exists()


@pytest.mark.parametrize("text", ["", "null", "[1]", '[["a", "b", 1]]', '[["shop", "nom", 1]]', "\udcff"])
def test_kept_answers_that_cannot_be_read_are_passed_over(tmp_path: Path, machine: Path, text: str) -> None:
    kept = tmp_path / ".config.toml.answers"
    kept.write_text(text, "utf-8", errors="surrogateescape")
    run_setup(tmp_path / "config.toml", SHIPPED, Installer(machine).dialogue())
    assert not kept.exists()


def test_what_is_wrong_in_the_end_is_asked_again_and_only_that(tmp_path: Path, machine: Path) -> None:
    path = tmp_path / "config.toml"
    first = {"Register's port": "1", "Printer's port": "1", "Application ID": "A"}
    installer = Installer(machine, first, secret=KEY)

    run_setup(path, SHIPPED, installer.dialogue())

    told = installer.said.index("\nThis is to be mended; only that is asked again:")
    assert installer.said[told + 1].startswith("to be mended: printer.device: is the register's port too")
    assert installer.said[told + 2] == "Printer's port"
    assert sum(line == "Shop's name on receipts []: " for line in installer.said) == 1


def test_every_display_is_offered_and_one_on_its_side_is_turned(tmp_path: Path, machine: Path) -> None:
    path = tmp_path / "config.toml"
    installer = Installer(
        machine, {"Display's controller": "sh1107", "Size of the display": "64x128", "How the display": "spi"}
    )

    run_setup(path, SHIPPED, installer.dialogue())

    display = load_config(path, {}).display
    assert (display.driver, display.size_px, display.rotate, display.interface) == ("sh1107", (128, 64), 1, "spi")
    for driver in DISPLAY_SIZES:
        assert any(line.endswith(f"  {driver}") for line in installer.said)


def test_it_ends_with_a_sale_once_nothing_is_missing(tmp_path: Path, machine: Path) -> None:
    whole = {"Register's port": "1", "Printer's port": "2", "Application ID": "A", "Start the terminal": ""}
    installer = Installer(machine, whole, secret=KEY)
    assert run_setup(tmp_path / "config.toml", SHIPPED, installer.dialogue()) == 0
    assert installer.started == 1
    assert installer.said[-1] == "watching T1 in en"
    lacking = Installer(machine, {"Start the terminal": ""})
    run_setup(tmp_path / "other.toml", SHIPPED, lacking.dialogue())
    assert lacking.started == 0
    assert any(line.startswith("before it can run: register.port") for line in lacking.said)


def test_ctrl_c_at_any_question_leaves_everything_as_it_was(tmp_path: Path, machine: Path) -> None:
    path = tmp_path / "config.toml"
    for question in ("Tungumál", "Shop's name", "Register's port", "Characters on a line", "Display"):
        answers = {question: "Ctrl-C", "Language of receipts": "en", "terminal's id": "T9"}
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
