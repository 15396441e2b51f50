"""``netgiro-terminal setup``: the first configuration, question by question.

Every question has a default, so Enter all the way through changes nothing. Everything is asked first and written at the
end, the file in one piece: whoever presses Ctrl-C before that leaves the machine as it was.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from terminal.config.edit import edit_config, replace_file
from terminal.config.schema import PRODUCTION_HOST, Config, load_config, missing_for_run, read_config
from terminal.errors import ConfigError, TerminalError
from terminal.install import trials as setup_trials
from terminal.install.keypad_trial import try_keypad
from terminal.install.questions import MOST_TRIES, Questions
from terminal.install.secret_store import Stored, check_secret, reload_units, store_secret
from terminal.sale.sensitive import Sensitive

SANDBOX_URL = "https://api.test.netgiro.is"
PRODUCTION_URL = f"https://{PRODUCTION_HOST}"
WHERE_KEYS_ARE = (
    'The partner portal shows the keys under Stillingar, Grunnupplýsingar, "Listi yfir öll vörumerki"; the sandbox has'
    " a portal of its own: register at https://partner.test.netgiro.is/Account/Register"
)


@dataclass(frozen=True)
class Dialogue:
    """How to talk to the installer, and where to look; tests bring their own."""

    read: Callable[[str], str] = input
    read_secret: Callable[[str], str] = getpass.getpass
    say: Callable[[str], None] = print
    root: Path = Path("/")
    store: Callable[[Sensitive], Stored] = store_secret
    trials: Sequence[tuple[str, Callable[[Config], str]]] = field(
        default=(
            ("Print a test slip", setup_trials.try_printer),
            ("Try the keypad", lambda config: try_keypad(config).verdict),
            ("Try a sale that is given up, with the sandbox's test customer", setup_trials.try_sale),
        )
    )


def run_setup(path: Path, shipped: Path, dialogue: Dialogue | None = None) -> int:
    """Ask, write and try; returns the command's exit status. Raises ConfigError if the file cannot be written."""
    setup = _Setup(path, shipped, dialogue or Dialogue())
    try:
        setup.ask_everything()
    except EOFError as error:
        raise TerminalError("the answers ended before the questions did; nothing is changed") from error
    setup.write()
    return setup.try_out()


class _Setup:
    def __init__(self, path: Path, shipped: Path, dialogue: Dialogue) -> None:
        self._path = path
        self._talk = dialogue
        self._text = (path if path.exists() else shipped).read_text("utf-8")
        self._config, self._problems = read_config(path) if path.exists() else (Config(), [])
        self._asking = Questions(dialogue.read, dialogue.say, self._config)
        self._secret: Sensitive | None = None

    # --- asking -------------------------------------------------------------------------------------------------------

    def ask_everything(self) -> None:
        self._talk.say(f"Settings go to {self._path}. Enter keeps what stands in [brackets]; Ctrl-C changes nothing.\n")
        for problem in self._problems:
            self._talk.say(f"to be mended: {problem}")
        self._ask_shop()
        self._ask_netgiro()
        self._ask_register()
        self._ask_printer()
        self._ask_counter()

    def _ask_shop(self) -> None:
        config = self._config
        self._asking.choose(
            "terminal", "language", "Language of screen and register", ["is", "en"], config.terminal.language
        )
        self._asking.choose("receipt", "language", "Language of receipts", ["is", "en"], config.receipt.language)
        self._asking.text("terminal", "id", "This terminal's id, its own in the shop", config.terminal.id)
        self._ask_staff_code()
        self._asking.text("shop", "name", "Shop's name on receipts", config.shop.name)
        self._asking.text("shop", "kennitala", "Shop's kennitala", config.shop.kennitala)

    def _ask_staff_code(self) -> None:
        kept = "kept" if self._config.terminal.staff_code else "none: nobody may settle at the keypad"
        for _ in range(MOST_TRIES):
            typed = self._talk.read_secret(f"Staff code for the menu, 4 to 8 digits, not shown [{kept}]: ").strip()
            if not typed:
                return
            if (problem := self._asking.problem("terminal", "staff_code", typed)) is None:
                self._asking.changes["terminal", "staff_code"] = typed
                return
            self._talk.say(f"  {problem}")

    def _ask_netgiro(self) -> None:
        settings = self._config.netgiro
        api = self._asking.choose("netgiro", "api", "Netgíró's API, as the contract says", ["v1", "v2"], settings.api)
        known = [f"{url}/{api}" for url in (SANDBOX_URL, PRODUCTION_URL)]
        current = settings.base_url if settings.api == api else known[0]
        if current not in known:
            known.append(current)
        self._asking.choose("netgiro", "base_url", "Netgíró: sandbox without real money, or production", known, current)
        self._talk.say(WHERE_KEYS_ARE)
        if api == "v2":
            self._ask_api_key()
        else:
            self._asking.text("netgiro", "application_id", "Application ID from Netgíró", settings.application_id)
            self._ask_secret("Secret key")

    def _ask_api_key(self) -> None:
        """V2's application ID is all the secret that there is, so it is kept where secrets are."""
        if self._config.netgiro.application_id:
            self._talk.say(
                "netgiro.application_id stands in config.toml and counts; empty it to keep the ID as a secret"
            )
        else:
            self._ask_secret("Application ID, V2's only key")

    def _ask_secret(self, name: str) -> None:
        kept = f"kept: {self._config.secret_from}" if self._config.secret_from else "none seen from here"
        for _ in range(MOST_TRIES):
            typed = self._talk.read_secret(f"{name}, not shown [{kept}]: ").strip()
            if not typed:
                return
            try:
                self._secret = check_secret(typed)
            except TerminalError as error:
                self._talk.say(f"  {error}")
            else:
                return

    def _ask_register(self) -> None:
        settings = self._config.register
        self._asking.choose("register", "port", "Register's port", self._ports(settings.port), settings.port)
        speeds = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200]
        self._asking.choose("register", "baudrate", "Its speed, as its manual says", speeds, settings.baudrate)
        self._asking.choose(
            *("register", "amount_decimals", "How it writes 1.990 kr.: 0 is 1990, 2 is 199000"),
            *([0, 2], settings.amount_decimals),
        )

    def _ask_printer(self) -> None:
        settings = self._config.printer
        drivers = ["serial", "usb", "network", "file", "none"]
        if (self._talk.root / "dev/usb/lp0").exists():
            self._talk.say("a USB printer is plugged in: file, /dev/usb/lp0")
        driver = self._asking.choose("printer", "driver", "Printer's driver", drivers, settings.driver)
        if driver == "serial":
            self._asking.choose("printer", "device", "Printer's port", self._ports(settings.device), settings.device)
        elif driver == "file":
            self._asking.text("printer", "device", "Printer's device", settings.device or "/dev/usb/lp0")
        elif driver == "network":
            self._asking.text("printer", "host", "Printer's name or address", settings.host)
        elif driver == "usb":
            self._asking.number(
                "printer", "usb_vendor_id", "Vendor id, the first number in lsusb", settings.usb_vendor_id
            )
            self._asking.number("printer", "usb_product_id", "Product id, the second one", settings.usb_product_id)
        if driver != "none":
            self._asking.ask("printer", "columns", "Characters on a line, 32 on 58 mm paper", settings.columns, int)

    def _ask_counter(self) -> None:
        keypad, display = self._config.keypad, self._config.display
        driver = self._asking.choose(
            "keypad", "driver", "Keypad: on pins, or a USB pad", ["matrix", "evdev"], keypad.driver
        )
        if driver == "evdev":
            pads = self._found("dev/input/by-id", "*-event-kbd")
            self._asking.choose("keypad", "device", "The USB pad", _with(pads, keypad.device), keypad.device)
        self._asking.choose("display", "driver", "Display's controller", ["ssd1306", "sh1106", "none"], display.driver)

    def _ports(self, current: str) -> list[str]:
        """By serial number where there is one; by socket else, because ttyUSB0 may be ttyUSB1 tomorrow."""
        named = self._found("dev/serial/by-id", "*")
        taken = {(self._talk.root / port.lstrip("/")).resolve() for port in named}
        by_socket = self._found("dev/serial/by-path", "*")
        others = [port for port in by_socket if (self._talk.root / port.lstrip("/")).resolve() not in taken]
        return _with([*named, *others, *self._found("dev", "serial0")], current)

    def _found(self, folder: str, pattern: str) -> list[str]:
        return sorted(f"/{path.relative_to(self._talk.root)}" for path in (self._talk.root / folder).glob(pattern))

    # --- writing and trying -------------------------------------------------------------------------------------------

    def write(self) -> None:
        """The file first: it is the one that can still be wrong."""
        replace_file(self._path, edit_config(self._text, self._asking.changes))
        self._talk.say(f"\nwritten: {self._path}")
        if self._secret is not None:
            stored = self._talk.store(self._secret)
            reload_units()
            self._talk.say(f"written: {stored.path}, {'encrypted' if stored.encrypted else 'readable by root only'}")

    def try_out(self) -> int:
        try:
            config = load_config(self._path)
        except ConfigError as error:
            for problem in error.problems:
                self._talk.say(f"to be mended: {problem}")
            return 1
        if self._secret is not None:  # the service gets it from the credential store, we still have it
            config = _with_secret(config, self._secret)
        for question, run in self._talk.trials:
            if self._talk.read(f"{question}? [y]: ").strip().lower() in ("", "y", "yes", "j", "já"):
                self._talk.say(f"  {run(config)}")
        for missing in missing_for_run(config):
            self._talk.say(f"before it can run: {missing}")
        self._talk.say("start it: sudo systemctl restart netgiro-terminal   then: netgiro-terminal status")
        return 0


def _with(found: list[str], current: str) -> list[str]:
    return [*found, current] if current and current not in found else found


def _with_secret(config: Config, secret: Sensitive) -> Config:
    from msgspec.structs import replace  # noqa: PLC0415

    return replace(config, netgiro=replace(config.netgiro, secret_key=secret))
