"""Configuration: typed, complete, and every mistake at once."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from hardware.settings import SerialSettings
from terminal.config.schema import Config, NetgiroSettings, load_config, missing_for_run, read_config, show_config
from terminal.errors import ConfigError
from terminal.register.settings import RegisterSettings
from terminal.sale.customer import CustomerKind
from terminal.sale.gateway import CaptureMode
from terminal.sale.sale import Terms
from terminal.sale.sensitive import Sensitive
from tests.each import each_of
from tests.unit.config.schema_bench import SECRET, problems_of, written

SHIPPED = Path(__file__).parents[3] / "config.toml"
REAL_MONEY = "https://api.netgiro.is/v1"
A_HASH = f"scrypt$15$8$1${'A' * 22}==${'A' * 43}="

# --- the shipped file -------------------------------------------------------------------------------------------------


def test_shipped_file_is_accepted_unchanged_and_says_the_defaults() -> None:
    config = load_config(SHIPPED, {})

    assert msgspec.structs.replace(config, path=None) == Config()


def test_shipped_file_has_every_key_and_no_other() -> None:
    shipped = {name: set(table) for name, table in tomllib.loads(SHIPPED.read_text("utf-8")).items()}
    known = {name: set(table) for name, table in tomllib.loads(show_config(Config())).items()}

    assert shipped == known


def test_shipped_file_explains_every_key() -> None:
    lines = SHIPPED.read_text("utf-8").splitlines()
    bare = [
        line
        for above, line in itertools.pairwise(lines)
        if " = " in line and "#" not in line and not above.startswith("#")
    ]

    assert bare == []


def test_shipped_file_lacks_only_what_the_shop_must_fill_in() -> None:
    keys = [sentence.split(":")[0] for sentence in missing_for_run(load_config(SHIPPED, {}))]

    assert keys == ["netgiro.application_id", "netgiro.secret_key", "register.port", "printer.device"]


def test_filled_in_file_lacks_nothing(tmp_path: Path) -> None:
    text = '[netgiro]\napplication_id = "881E674F"\n[register]\nport = "/dev/serial0"\n[printer]\ndriver = "none"\n'

    assert missing_for_run(load_config(written(tmp_path, text), {"NETGIRO_SECRET_KEY": SECRET})) == []


# --- mistakes ---------------------------------------------------------------------------------------------------------


MISTAKES = [
    ("[netgiro]\nbase_ulr = 1", "netgiro.base_ulr: unknown key, did you mean base_url?"),
    ("[netgiro]\nBASE_URL = 1", "netgiro.BASE_URL: unknown key, did you mean base_url?"),
    ("[terminal]\nparity = 'E'", "terminal.parity: unknown key, it belongs to [register]"),
    (
        "[register]\ndsrdtr = true",
        "register.dsrdtr: take it out: Linux does not hold a line by DTR/DSR. A register that waits for them gets 4"
        " joined to 1 and 6 in its own plug; or cross wires 7 and 8 and set register.rtscts",
    ),
    ("[terminal]\nzzz = 1", "terminal.zzz: unknown key, known are id, language, staff_code, refund_code, training"),
    ("[netgrio]", "netgrio: unknown section, did you mean [netgiro]?"),
    ("base_url = 'x'", "base_url: stands before any section; it belongs to [netgiro]"),
    ("netgiro = 5", "netgiro: must be a section: a line [netgiro] and its keys below"),
    ("[[netgiro]]", "netgiro: must be a section: a line [netgiro] and its keys below"),
    ("[register]\nparity = 'X'", 'register.parity: "X" is not allowed, it must be "E", "N" or "O"'),
    ("[register]\nbytesize = '8'", 'register.bytesize: "8" is not allowed, it must be 7 or 8'),
    ("[register]\nbaudrate = 1", "register.baudrate: 1 is not allowed, it must be a whole number from 300 to 921600"),
    ("[register]\nport = true", 'register.port: true is not allowed, it must be text in "quotes"'),
    ("[register]\nport = {}", 'register.port: a dict is not allowed, it must be text in "quotes"'),
    ("[receipt]\nmerchant_copy = 1", "receipt.merchant_copy: 1 is not allowed, it must be true or false"),
    ("[sale]\ncode_tries = 2.5", "sale.code_tries: 2.5 is not allowed, it must be a whole number from 1 to 10"),
    (
        "[sale]\nentry_timeout_s = nan",
        "sale.entry_timeout_s: nan is not allowed, it must be a number from 0.1 to 3600",
    ),
    (
        "[sale]\nentry_timeout_s = inf",
        "sale.entry_timeout_s: inf is not allowed, it must be a number from 0.1 to 3600",
    ),
    (
        "[terminal]\nid = 'T 1'",
        'terminal.id: "T 1" is not allowed, it must be 1 to 16 letters a-z, digits, - or _',
    ),
    (
        "[terminal]\nid = 'T1\\n'".replace("'", '"'),
        'terminal.id: "T1\\n" is not allowed, it must be 1 to 16 letters a-z, digits, - or _',
    ),
    (
        "[netgiro]\nconfirmation = 'maybe'",
        'netgiro.confirmation: "maybe" is not allowed, it must be "manual", "automatic" or "server_callback"',
    ),
    (
        "[keypad]\nrow_pins = [1, 99]",
        "keypad.row_pins: [1, 99] is not allowed, it must be a list, each a whole number from 0 to 53",
    ),
    ("[printer]\ntimeout_s = 0", "printer.timeout_s: 0 is not allowed, it must be a number above 0 to 60"),
]


@pytest.mark.parametrize(("text", "sentence"), MISTAKES, ids=[sentence.split(",")[0] for _, sentence in MISTAKES])
def test_mistake_gets_a_sentence_with_key_and_what_is_allowed(tmp_path: Path, text: str, sentence: str) -> None:
    assert problems_of(tmp_path, text)[0] == sentence


MISFITS = [
    ("[netgiro]\napi = 'v2'", 'netgiro.base_url: ends in "/v1", and netgiro.api is "v2"; change one of the two'),
    ("[netgiro]\nbase_url = 'https://api.netgiro.is/v2'", 'netgiro.base_url: ends in "/v2", and netgiro.api is "v1"'),
    (
        "[netgiro]\napi = 'v2'\nbase_url = 'https://api.netgiro.is'",
        'netgiro.base_url: with netgiro.api = "v2"',
    ),
    ("[netgiro]\napplication_id = '********'", "netgiro.application_id: ******** is how show-config hides the key"),
    ("[netgiro]\nbase_url = 'http://api.netgiro.is/v1'", "netgiro.base_url: http:// is for this machine only"),
    ("[netgiro]\nbase_url = 'http://127.0.0.1.example.is/v1'", "netgiro.base_url: http:// is for this machine only"),
    ("[netgiro]\nbase_url = 'https://api.netgiro.is/v1/'", "netgiro.base_url: take away the slash at the end"),
    ("[netgiro]\nbase_url = 'https://me:you@api.netgiro.is/v1'", "netgiro.base_url: must not hold a user name"),
    ("[netgiro]\nbase_url = 'https://api.netgiro.is/v1?x=1'", "netgiro.base_url: must not hold"),
    ("[netgiro]\nbase_url = 'https://api.netgiro.is:99999/v1'", "netgiro.base_url: must be an address such as"),
    ("[netgiro]\nbase_url = 'api.netgiro.is/v1'", "netgiro.base_url: must be an address such as"),
    ("[netgiro]\nbase_url = 'https://api.netgiro.is /v1'", "netgiro.base_url: must be an address such as"),
    ("[netgiro]\nbase_url = ''", "netgiro.base_url: must be an address such as"),
    ("[netgiro]\nconfirmation = 'server_callback'", "callback.public_url: needed with"),
    ("[callback]\npublic_url = 'http://shop.example.is'", "callback.public_url: http:// is for this machine only"),
    ("[callback]\nlisten = '8024'", "callback.listen: must be an address and a port"),
    ("[register]\nmin_amount = 10\nmax_amount = 9", "register.min_amount: must not be above register.max_amount"),
    (
        '[register]\nprotocol = "concert"\n[sale]\nvoid_patience_s = 30',
        'sale.void_patience_s: must not be above 25 with register.protocol = "concert", because its registers wait',
    ),
    ("[panel]\nlisten = '0.0.0.0:8023'", "panel.listen: the panel has no password"),
    ("[panel]\nlisten = '192.168.1.5:8023'", "panel.listen: the panel has no password"),
    ("[panel]\nlisten = '[::]:8023'", "panel.listen: the panel has no password"),
    ("[panel]\nlisten = '127.0.0.1:8023'", "panel.password_hash: needed, because every user and program"),
    ("[panel]\nlisten = 'localhost:0'\n[display]\ndriver = 'simulated'", "panel.password_hash: needed"),
    (
        f"[panel]\nlisten = '[::1]:8023'\n[keypad]\ndriver = 'simulated'\n[netgiro]\nbase_url = '{REAL_MONEY}'",
        "panel.password_hash: needed",
    ),
    ("[panel]\nlisten = ':8023'", "panel.listen: must be an address and a port"),
    ("[panel]\nlisten = '127.0.0.1'", "panel.listen: must be an address and a port"),
    ("[panel]\nlisten = '127.0.0.1:port'", "panel.listen: must be an address and a port"),
    ("[panel]\nlisten = '127.0.0.1:80/x'", "panel.listen: must be an address and a port"),
    ("[shop]\nkennitala = '55010112'", "shop.kennitala: must be ten digits"),
    ("[keypad]\nrow_pins = [5, 5, 13, 19]", "keypad.row_pins: a pin number stands twice"),
    ("[keypad]\nrow_pins = [5, 6, 13, 50]", "keypad.row_pins: GPIO 50 is not on the Pi's header; use 2 to 27"),
    ("[keypad]\nrow_pins = [0, 6, 13, 19]", "keypad.row_pins: GPIO 0 is not on the Pi's header; use 2 to 27"),
    ("[keypad]\nrow_pins = [2, 6, 13, 19]", "keypad.row_pins: GPIO 2 is in use by the display (I2C); choose another"),
    (
        "[display]\ninterface = 'spi'\n[keypad]\ncolumn_pins = [24, 16, 20, 21]",
        "keypad.column_pins: GPIO 24 is in use by the display (SPI); choose another",
    ),
    (
        "[register]\nport = '/dev/serial0'\n[keypad]\nrow_pins = [5, 6, 13, 15]",
        "keypad.row_pins: GPIO 15 is in use by the register (serial port); choose another",
    ),
    (
        "[printer]\ndevice = '/dev/ttyAMA0'\n[keypad]\nrow_pins = [14, 6, 13, 19]",
        "keypad.row_pins: GPIO 14 is in use by the printer (serial port); choose another",
    ),
    (
        "[register]\nport = '/dev/serial0'\nrtscts = true",
        "keypad.column_pins: GPIO 16 is in use by the register (RTS and CTS); choose another",
    ),
    (
        "[signals]\ndriver = 'gpio'\nlamp_pin = 5",
        "signals.lamp_pin: GPIO 5 is in use by the keypad; choose another",
    ),
    (
        "[signals]\ndriver = 'gpio'\nbuzzer_pin = 3",
        "signals.buzzer_pin: GPIO 3 is in use by the display (I2C); choose another",
    ),
    ("[signals]\ndriver = 'gpio'\nlamp_pin = 28", "signals.lamp_pin: GPIO 28 is not on the Pi's header"),
    ("[signals]\ndriver = 'gpio'\nlamp_pin = 18", "signals.buzzer_pin: must not be the lamp's pin"),
    ("[keypad]\nrow_pins = [5, 6, 13]", "keypad.layout: must have one string for each of keypad.row_pins"),
    ("[keypad]\ncolumn_pins = [12, 16, 20]", "keypad.layout: each string must have one key"),
    ("[keypad]\nlayout = ['123A', '456B', '789C', '*0#E']", "keypad.layout: 'E' is no key"),
    ("[keypad]\nlayout = ['123A', '456B', '789C', '*0#C']", "keypad.layout: a key stands twice"),
    ("[keypad]\ndriver = 'evdev'", "keypad.device: needed with"),
    ("[display]\ni2c_address = 0x80", "display.i2c_address: must be from 0x03 to 0x77"),
    (
        "[display]\ndriver = 'sh1107'",
        "display.width: an sh1107 has width x height 64 x 128 or 80 x 128 or 128 x 128, not 128 x 64",
    ),
    ("[display]\ndriver = 'sh1107'\nwidth = 64\nheight = 128", "display.rotate: 64 pixels are too narrow"),
    ("[display]\nwidth = 64\nheight = 48\nrotate = 1", "display.width: 64 x 48 is too small, whichever way it lies"),
    ("[display]\nwidth = 72\nheight = 40", "display.width: 72 x 40 is too small, whichever way it lies"),
    ("[display]\nheight = 32\ntwo_colours = true", "display.two_colours: only for displays of 64 rows"),
    ("[display]\nreset_pin = 5", "display.reset_pin: GPIO 5 is in use by the keypad; choose another"),
    (
        "[display]\ninterface = 'spi'\nreset_pin = 21",
        "keypad.column_pins: GPIO 21 is in use by the display (SPI); choose another",
    ),
    ("[scanner]\ndriver = 'simulated'\naccepts = ['phone']", 'scanner.accepts: must name "app_code"'),
    (
        "[netgiro]\napp_code_prefix = ''\n[scanner]\ndriver = 'simulated'",
        "netgiro.app_code_prefix: needed with a scanner",
    ),
    ("[display]\ni2c_port = -1", "display.i2c_port: must be the number of a bus"),
    ("[printer]\ndriver = 'network'", "printer.host: needed with"),
    ("[http]\nlisten = 'everywhere'", "http.listen: must be an address and a port"),
    ("[http]\nallowed_origins = ['*']", 'http.allowed_origins: "*" is no origin'),
    ("[http]\nallowed_origins = ['https://pos.example.is/']", "http.allowed_origins: "),
    ("[register]\nprotocol = 'http'\namount_decimals = 2", "register.amount_decimals: "),
    ("[register]\nprotocol = 'http'\nallow = ['192.168.1.7']", "register.allow: "),
    (
        "[register]\nprotocol = 'http'\n[http]\nlisten = '127.0.0.1:9825'\n[metrics]\nlisten = '127.0.0.1:9825'",
        "http.listen: the same address",
    ),
    ("[printer]\ndriver = 'file'", "printer.device: needed with"),
    ("[printer]\ndriver = 'usb'\nusb_vendor_id = 0x04B8", "printer.usb_vendor_id: needed with"),
    ("[printer]\ndevice = '/dev/a'\n[register]\nport = '/dev/a'", "printer.device: is the register's port too"),
    (
        "[netgiro]\nconfirmation = 'server_callback'\n[panel]\nlisten = '127.0.0.1:8024'",
        "panel.listen: the same address",
    ),
]


@pytest.mark.parametrize(("text", "beginning"), MISFITS, ids=[text for text, _ in MISFITS])
def test_settings_that_do_not_fit_together_are_refused(tmp_path: Path, text: str, beginning: str) -> None:
    problems = problems_of(tmp_path, text)

    assert [problem for problem in problems if problem.startswith(beginning)], problems


FITTING = [
    "",
    "[netgiro]\nbase_url = 'http://127.0.0.1:8025/v1'",
    "[netgiro]\nbase_url = 'http://[::1]:8025/v1'",
    "[netgiro]\nbase_url = 'http://localhost/v1'",
    "[netgiro]\nconfirmation = 'server_callback'\n[callback]\npublic_url = 'https://shop.example.is/netgiro'",
    "[panel]\nlisten = '127.0.0.1:8023'\n[keypad]\ndriver = 'simulated'",
    "[panel]\nlisten = '[::1]:0'\n[keypad]\ndriver = 'simulated'",
    "[panel]\nlisten = 'localhost:8023'\n[keypad]\ndriver = 'simulated'",
    f"[panel]\nlisten = 'localhost:8023'\npassword_hash = '{A_HASH}'",
    f"[panel]\nlisten = '192.168.1.5:8023'\npassword_hash = '{A_HASH}'\n[netgiro]\nbase_url = '{REAL_MONEY}'",
    "[keypad]\ncolumn_pins = [12, 16, 20]\nlayout = ['123', '456', '789', '*0#']",
    "[keypad]\ndriver = 'simulated'\nrow_pins = []",
    "[keypad]\nrow_pins = [14, 15, 13, 19]\n[register]\nport = '/dev/serial/by-id/usb-FTDI'",
    "[keypad]\nrow_pins = [2, 3, 13, 19]\n[display]\ndriver = 'none'",
    "[keypad]\nrow_pins = [2, 3, 13, 19]\n[display]\ninterface = 'spi'",
    "[register]\nport = '/dev/serial0'",
    "[register]\nprotocol = 'http'",
    "[register]\nprotocol = 'http'\nport = '/dev/ttyUSB0'\n[http]\nlisten = '0.0.0.0:8026'",
    "[http]\nallowed_origins = ['https://pos.example.is', 'http://localhost:3000']",
    "[signals]\ndriver = 'gpio'",
    "[signals]\ndriver = 'gpio'\nlamp_pin = 0\n[keypad]\ndriver = 'simulated'",
    "[printer]\ndriver = 'network'\nhost = 'printer.local'",
    "[sale]\nentry_timeout_s = 60",
    "[shop]\nkennitala = '450401-3150'",
]


@pytest.mark.parametrize("text", FITTING)
def test_settings_that_fit_are_accepted(tmp_path: Path, text: str) -> None:
    assert problems_of(tmp_path, text) == []


def test_every_problem_is_told_at_once_and_the_rest_is_used(tmp_path: Path) -> None:
    text = "[terminal]\nid = 'T7'\nlang = 'is'\n[register]\nbaudrate = 0\nparity = 'E'\n[panel]\nlisten = '0.0.0.0:1'\n"

    with pytest.raises(ConfigError) as refused:
        load_config(written(tmp_path, text), {})
    config, problems = read_config(written(tmp_path, text), {})

    assert [problem.split(":")[0] for problem in problems] == ["terminal.lang", "register.baudrate", "panel.listen"]
    assert list(refused.value.problems) == problems
    assert (config.terminal.id, config.register.parity, config.register.baudrate) == ("T7", "E", 9600)


# --- what others take from it -----------------------------------------------------------------------------------------


def test_default_terms_are_those_of_a_sale() -> None:
    assert Config().terms() == Terms(finds_by_reference=True)


def test_terms_carry_what_the_file_says(tmp_path: Path) -> None:
    text = "[sale]\nentry_timeout_s = 60\ncode_tries = 1\n[receipt]\nmerchant_copy = false\n"
    terms = load_config(written(tmp_path, text), {}).terms()

    assert (terms.entry_timeout_s, terms.code_tries, terms.merchant_copy) == (60.0, 1, False)


def test_only_phones_are_confirmed_by_callback() -> None:
    terms = Config(netgiro=NetgiroSettings(confirmation=CaptureMode.SERVER_CALLBACK)).terms()

    assert {kind: terms.capture_mode_for(kind) for kind in CustomerKind} == {
        CustomerKind.PHONE: CaptureMode.SERVER_CALLBACK,
        CustomerKind.KENNITALA: CaptureMode.MANUAL,
        CustomerKind.APP_CODE: CaptureMode.MANUAL,
    }


@each_of(
    ("base_url", "sandbox"),
    [
        ("https://api.netgiro.is/v1", False),
        ("https://API.netgiro.is/v1", False),
        ("https://api.test.netgiro.is/v1", True),
        ("http://127.0.0.1:8025/v1", True),
    ],
)
def test_impossible_birth_dates_are_for_the_sandbox(base_url: str, sandbox: bool) -> None:
    rules = Config(netgiro=NetgiroSettings(base_url=base_url, app_code_prefix="77")).identifier_rules()

    assert (rules.impossible_birth_dates, rules.app_code_prefix) == (sandbox, "77")


def test_serial_settings_are_the_registers_line() -> None:
    register = RegisterSettings(port="/dev/ttyUSB0", baudrate=19_200, bytesize=7, parity="E", stopbits=2, xonxoff=True)

    assert Config(register=register).serial_settings() == SerialSettings(
        port="/dev/ttyUSB0", baudrate=19_200, bytesize=7, parity="E", stopbits=2, xonxoff=True
    )


def test_secret_is_held_so_that_it_cannot_be_printed() -> None:
    settings_with_key = NetgiroSettings(secret_key=Sensitive(SECRET))

    assert SECRET not in f"{settings_with_key!r}"
    with pytest.raises(TypeError):
        msgspec.json.encode(settings_with_key)


def test_a_terminal_that_has_not_joined_its_office_yet_has_no_token(tmp_path: Path) -> None:
    """Else nothing could be run on it that makes it join."""
    path = written(tmp_path, "[office]\nurl = 'https://office.example.is'\ntoken_file = 'token'\n")
    config, problems = read_config(path, {})
    assert (problems, config.office_token) == ([], Sensitive(""))
    assert any(missing.startswith("office.token_file: ") for missing in missing_for_run(config))
    (tmp_path / "token").write_text("secret\n")
    (tmp_path / "token").chmod(0o600)
    assert load_config(path, {}).office_token == Sensitive("secret")
    assert load_config(path, {"NETGIRO_OFFICE_TOKEN": "other"}).office_token == Sensitive("other")
    (tmp_path / "token").chmod(0o644)
    assert read_config(path, {})[1][0].startswith("office.token_file: others")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("listen = '0.0.0.0:1'", "office.listen"),
        ("listen = 'here'", "office.listen"),
        ("url = 'http://office.example.is'", "office.url"),
        ("url = 'https://office.example.is/'", "office.url"),
        ("database = 'sqlite:///x'", "office.database"),
        ("certificate = 'a.pem'", "office.certificate"),
        ("certificate_key = 'a.pem'", "office.certificate"),
    ],
)
def test_an_office_that_cannot_be_is_said(tmp_path: Path, text: str, key: str) -> None:
    _config, problems = read_config(written(tmp_path, f"[office]\n{text}\n"), {})
    assert [problem.partition(":")[0] for problem in problems] == [key]


def test_the_databases_password_is_never_shown(tmp_path: Path) -> None:
    path = written(tmp_path, "[office]\ndatabase = 'postgresql://office:hunter2@localhost/office'\n")
    assert "hunter2" not in show_config(load_config(path, {}))


def test_register_programs_need_no_port() -> None:
    config = Config(register=RegisterSettings(protocol="http"))
    assert not [missing for missing in missing_for_run(config) if missing.startswith("register.")]


def test_each_label_that_a_tap_begins_with_is_a_regular_expression() -> None:
    """A start compiles only those that the shop has written itself."""
    own = RegisterSettings()
    for labels in (own.total_labels, own.other_labels, own.section_labels, own.paid_labels, own.void_labels):
        assert labels
        assert all(map(re.compile, labels))


def test_a_label_that_is_no_regular_expression_is_told(tmp_path: Path) -> None:
    told = problems_of(tmp_path, '[register]\ntotal_labels = ["SAMTALS", "("]\n')
    assert any("register.total_labels: '(' is no regular expression" in problem for problem in told)
