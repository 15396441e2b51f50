"""How settings must fit together: what no single key can tell. Every sentence begins with the key to change."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hardware.interfaces import KEYS
from hardware.settings import (
    DISPLAY_SIZES,
    LEAST_WIDTH_PX,
    SPI_RESET_PIN,
    TOP_COLOUR_ROWS,
    DisplaySettings,
    network_address,
)
from terminal.config.addresses import is_loopback, parse_listen
from terminal.config.checks_of_programs import programs_problems
from terminal.config.secret_key import MASK
from terminal.register.settings import LONGEST_VOID_PATIENCE_S, NETWORK_PROTOCOLS, RegisterSettings
from terminal.sale.customer import CustomerKind
from terminal.sale.gateway import CaptureMode
from terminal.system.password import is_password_hash

if TYPE_CHECKING:
    from terminal.config.schema import Config


NEEDED_KEYS = "0123456789*#"

HEADER_PINS = range(2, 28)
"""GPIO numbers. 0 and 1 are for the memory by which a Pi knows its extension boards."""
DEFAULT = RegisterSettings()

UARTS = frozenset({"/dev/serial0", "/dev/ttyAMA0", "/dev/ttyS0"})
"""Serial ports on the header's pins."""


def find_problems(config: Config) -> list[str]:
    """Everything that does not fit together."""
    network = (_netgiro, programs_problems, _callback, _panel, _metrics, _office)
    devices = (_keypad, _scanner, _display, _pins, _printer, _ports)
    checks = (_staff_code, *network, _amounts, _patience, _tap, _operators, _shop, *devices)
    return [problem for check in checks for problem in check(config)]


def _netgiro(config: Config) -> Iterator[str]:
    netgiro = config.netgiro
    problems = list(_url_problems("netgiro.base_url", netgiro.base_url))
    yield from problems
    if netgiro.partner_url:
        yield from _url_problems("netgiro.partner_url", netgiro.partner_url.removesuffix("/"))
    if netgiro.application_id == MASK:
        yield f"netgiro.application_id: {MASK} is how show-config hides the key; put in the key itself"
    other = re.search(r"/(v[12])/?\Z", netgiro.base_url)
    if other is not None and other[1] != netgiro.api and not problems:
        yield f'netgiro.base_url: ends in "/{other[1]}", and netgiro.api is "{netgiro.api}"; change one of the two'
    elif netgiro.api == "v2" and other is None and not problems:
        yield 'netgiro.base_url: with netgiro.api = "v2" it ends in "/v2", such as https://api.netgiro.is/v2'


def _url_problems(key: str, url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or not url.isascii() or not url.isprintable() or " " in url:
        yield f"{key}: must be an address such as https://api.netgiro.is/v1"
    elif parts.scheme == "http" and not is_loopback(host):
        yield f"{key}: http:// is for this machine only (127.0.0.1, localhost); write https://"
    elif "@" in parts.netloc or "?" in url or "#" in url:
        yield f"{key}: must not hold a user name, a question mark or a fragment"
    elif url.endswith("/"):
        yield f"{key}: take away the slash at the end"


def _amounts(config: Config) -> Iterator[str]:
    if config.register.min_amount > config.register.max_amount:
        yield "register.min_amount: must not be above register.max_amount"


def _patience(config: Config) -> Iterator[str]:
    protocol, patience_s = config.register.protocol, config.sale.void_patience_s
    longest_s = LONGEST_VOID_PATIENCE_S.get(protocol)
    if longest_s is not None and patience_s > longest_s:
        yield (
            f'sale.void_patience_s: must not be above {longest_s:g} with register.protocol = "{protocol}", '
            "because its registers wait no longer"
        )


def _tap(config: Config) -> Iterator[str]:
    register = config.register
    for key in ("total_labels", "other_labels", "section_labels", "tender_labels", "paid_labels", "void_labels"):
        for label in getattr(register, key):
            if label in getattr(DEFAULT, key):  # compiling those would hold up every start
                continue
            try:
                re.compile(label)
            except re.error as error:
                yield f"register.{key}: {label!r} is no regular expression: {error}"
    if not register.total_labels:
        yield "register.total_labels: empty; name what stands before the total, such as SAMTALS"
    if register.protocol == "display" and register.emulation == "plain":
        yield 'register.emulation: "plain" is for receipts; a display speaks "epson", "cd5220", "utc", "aedex" or "adm"'
    if register.protocol == "receipt" and register.emulation not in ("epson", "plain"):
        yield f'register.emulation: "{register.emulation}" is a display; a receipt printer speaks "epson" or "plain"'
    yield from _problems_of_network(config)
    if not register.passthrough_port:
        return
    if register.protocol not in ("display", "receipt"):
        yield 'register.passthrough_port: only for register.protocol = "display" or "receipt"'
    if register.passthrough_port == register.port:
        yield "register.passthrough_port: is the register's own port; the device behind the terminal needs another one"
    if register.protocol == "display" and config.shares_printer:
        yield "printer.device: is register.passthrough_port, which is a display"


def _problems_of_network(config: Config) -> Iterator[str]:
    register = config.register
    if register.protocol == "http":
        if register.allow:
            yield 'register.allow: with register.protocol = "http" a program needs a token instead; leave it empty'
        return
    try:
        address = network_address(register.port)
    except ValueError as error:
        yield f"register.port: {error}"
        return
    if address is None:
        if register.allow:
            yield 'register.allow: only for a register.port such as "tcp://192.168.1.20:20007"'
        return
    if register.protocol not in NETWORK_PROTOCOLS:
        yield f'register.port: over the network speak "line" and "zvt"; "{register.protocol}" needs a serial port'
    for one in register.allow:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError:
            yield f'register.allow: "{one}" is no address and no network such as "192.168.1.0/24"'


def _callback(config: Config) -> Iterator[str]:
    try:
        parse_listen(config.callback.listen)
    except ValueError:
        yield 'callback.listen: must be an address and a port such as "127.0.0.1:8024"'
    if config.callback.public_url:
        yield from _url_problems("callback.public_url", config.callback.public_url)
    elif config.netgiro.confirmation is CaptureMode.SERVER_CALLBACK:
        yield 'callback.public_url: needed with netgiro.confirmation = "server_callback": the address Netgíró calls'


def _panel(config: Config) -> Iterator[str]:
    listen, password_hash = config.panel.listen, config.panel.password_hash
    if password_hash and not is_password_hash(password_hash.reveal()):
        yield "panel.password_hash: must be what netgiro-terminal panel-password prints"
    if not listen:
        return
    try:
        host, port = parse_listen(listen)
    except ValueError:
        yield 'panel.listen: must be an address and a port such as "127.0.0.1:8023", or empty'
        return
    if not is_loopback(host) and not password_hash:
        yield (
            "panel.listen: the panel has no password, so only 127.0.0.1, [::1] or localhost is allowed;"
            " netgiro-terminal panel-password makes a panel.password_hash"
        )
    elif not password_hash and (config.keypad.driver != "simulated" or config.netgiro.is_real_money):
        yield (
            "panel.password_hash: needed, because every user and program of this machine reaches panel.listen; only a"
            ' counter for trying things out (keypad.driver = "simulated", no real money) may do without;'
            " netgiro-terminal panel-password makes one"
        )
    if port and listen == config.callback.listen and config.netgiro.confirmation is CaptureMode.SERVER_CALLBACK:
        yield "panel.listen: the same address as callback.listen; choose another port"


def _metrics(config: Config) -> Iterator[str]:
    listen = config.metrics.listen
    if not listen:
        return
    try:
        host, port = parse_listen(listen)
    except ValueError:
        yield 'metrics.listen: must be an address and a port such as "127.0.0.1:9825", or empty'
        return
    if not is_loopback(host):
        yield "metrics.listen: metrics have no password, so only 127.0.0.1, [::1] or localhost is allowed"
    elif port and listen == config.panel.listen:
        yield "metrics.listen: the same address as panel.listen; choose another port"


def _office(config: Config) -> Iterator[str]:
    office = config.office
    if office.url:
        yield from _url_problems("office.url", office.url)
    if bool(office.certificate) != bool(office.certificate_key):
        yield "office.certificate: needs office.certificate_key beside it, and the other way round"
    if office.database and urlsplit(office.database.reveal()).scheme not in ("postgresql", "postgres"):
        yield "office.database: must be an address such as postgresql://office@localhost/office"
    try:
        host, _ = parse_listen(office.listen)
    except ValueError:
        yield 'office.listen: must be an address and a port such as "127.0.0.1:8030"'
        return
    if not is_loopback(host) and not office.certificate:
        yield (
            "office.listen: without office.certificate only 127.0.0.1, [::1] or localhost is allowed; name a "
            "certificate, or let a proxy on this machine speak https"
        )


def _staff_code(config: Config) -> Iterator[str]:
    codes = {"staff_code": config.terminal.staff_code, "refund_code": config.terminal.refund_code}
    for name, code in codes.items():
        if not re.fullmatch(r"([0-9]{4,8})?", code.reveal()):
            yield f"terminal.{name}: must be 4 to 8 digits, or empty"


def _operators(config: Config) -> Iterator[str]:
    if len(config.operators.by_number) < len(config.operators.numbers):
        yield "operators.numbers: a number stands twice"


def _shop(config: Config) -> Iterator[str]:
    if config.shop.kennitala and not re.fullmatch(r"[0-9]{6}-?[0-9]{4}", config.shop.kennitala):
        yield "shop.kennitala: must be ten digits, with or without a dash after the sixth"


def _keypad(config: Config) -> Iterator[str]:
    keypad = config.keypad
    if keypad.driver == "evdev" and not keypad.device:
        yield 'keypad.device: needed with keypad.driver = "evdev": a path such as /dev/input/by-id/...-event-kbd'
    if keypad.driver != "matrix":
        return
    pins = [*keypad.row_pins, *keypad.column_pins]
    if len(set(pins)) < len(pins):
        yield "keypad.row_pins: a pin number stands twice in row_pins and column_pins"
    if len(keypad.layout) != len(keypad.row_pins):
        yield "keypad.layout: must have one string for each of keypad.row_pins"
    if any(len(row) != len(keypad.column_pins) for row in keypad.layout):
        yield "keypad.layout: each string must have one key for each of keypad.column_pins"
    keys = "".join(keypad.layout)
    if unknown := sorted(set(keys) - set(KEYS)):
        yield f"keypad.layout: {unknown[0]!r} is no key; keys are {KEYS}"
    if len(set(keys)) < len(keys):
        yield "keypad.layout: a key stands twice"
    if lacking := [key for key in NEEDED_KEYS if key not in keys]:
        yield f"keypad.layout: these keys are needed too: {''.join(lacking)}"


def _scanner(config: Config) -> Iterator[str]:
    scanner = config.scanner
    if scanner.driver in ("evdev", "serial") and not scanner.device:
        yield f'scanner.device: needed with scanner.driver = "{scanner.driver}"; see: ls -l /dev/*/by-id'
    elif scanner.device and scanner.device in (config.keypad.device, config.register.port, config.printer.device):
        yield "scanner.device: is another device's too; each needs one of its own"
    if scanner.driver != "none" and CustomerKind.APP_CODE not in scanner.accepts:
        yield 'scanner.accepts: must name "app_code"; to have no scanner, set scanner.driver = "none"'
    if scanner.driver != "none" and not config.netgiro.app_code_prefix:
        yield "netgiro.app_code_prefix: needed with a scanner: without it no code can be told from the goods' barcodes"


def _display(config: Config) -> Iterator[str]:
    if not 0x03 <= config.display.i2c_address <= 0x77:
        yield "display.i2c_address: must be from 0x03 to 0x77; see: i2cdetect -y 1"
    if config.display.i2c_port < 0:
        yield "display.i2c_port: must be the number of a bus: 1 is /dev/i2c-1"
    yield from _display_size(config.display)


def _display_size(display: DisplaySettings) -> Iterator[str]:
    size, sizes = (display.width, display.height), DISPLAY_SIZES.get(display.driver)
    if sizes is not None and min(size) < LEAST_WIDTH_PX > max(size):
        yield (
            f"display.width: {size[0]} x {size[1]} is too small, whichever way it lies: words would be cut; use a"
            f" display of {LEAST_WIDTH_PX} pixels, such as 128 x 32"
        )
    elif sizes is not None and size not in sizes:
        known = " or ".join(f"{width} x {height}" for width, height in sizes)
        yield f"display.width: an {display.driver} has width x height {known}, not {size[0]} x {size[1]}"
    elif display.size_px[0] < LEAST_WIDTH_PX:
        yield f"display.rotate: {display.size_px[0]} pixels are too narrow for the texts; lay it on its side: 1 or 3"
    if display.two_colours and (display.rotate % 2 or display.height < 4 * TOP_COLOUR_ROWS):
        yield "display.two_colours: only for displays of 64 rows and more with rotate = 0 or 2"


def _pins(config: Config) -> Iterator[str]:
    """One pin, one use, and only pins that the header has."""
    used = _pins_of_buses(config)
    for key, user, pins in _wired_pins(config):
        for pin in pins:
            if pin not in HEADER_PINS:
                yield f"{key}: GPIO {pin} is not on the Pi's header; use 2 to 27"
            elif pin in used and used[pin] != user:
                yield f"{key}: GPIO {pin} is in use by {used[pin]}; choose another"
            used.setdefault(pin, user)
    if config.signals.driver == "gpio" and config.signals.lamp_pin == config.signals.buzzer_pin:
        yield "signals.buzzer_pin: must not be the lamp's pin; 0 means there is none"


def _pins_of_buses(config: Config) -> dict[int, str]:
    """Pins that the kernel's drivers hold, and for whom."""
    used: dict[int, str] = {}
    if config.display.driver not in ("simulated", "none"):
        if config.display.interface == "spi":
            reset_pin = config.display.reset_pin or SPI_RESET_PIN
            used |= dict.fromkeys((7, 8, 9, 10, 11, 24, reset_pin), "the display (SPI)")
        elif config.display.i2c_port == 1:
            used |= dict.fromkeys((2, 3), "the display (I2C)")
    serial = {
        "the register (serial port)": config.register.port,
        "the register (passthrough_port)": config.register.passthrough_port,
        "the printer (serial port)": config.printer.device if config.printer.driver == "serial" else "",
        "the scanner (serial port)": config.scanner.device if config.scanner.driver == "serial" else "",
    }
    for user, port in serial.items():
        if port in UARTS:
            used |= dict.fromkeys((14, 15), user)
    if config.register.port in UARTS and config.register.rtscts:
        used |= dict.fromkeys((16, 17), "the register (RTS and CTS)")
    return used


def _wired_pins(config: Config) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Key, user and numbers of the pins that the configuration gives to a device."""
    if config.keypad.driver == "matrix":
        yield "keypad.row_pins", "the keypad", config.keypad.row_pins
        yield "keypad.column_pins", "the keypad", config.keypad.column_pins
    if config.display.interface == "i2c" and config.display.driver not in ("simulated", "none"):
        yield "display.reset_pin", "the display", tuple(filter(None, [config.display.reset_pin]))
    if config.signals.driver == "gpio":
        yield "signals.lamp_pin", "the signals", tuple(filter(None, [config.signals.lamp_pin]))
        yield "signals.buzzer_pin", "the signals", tuple(filter(None, [config.signals.buzzer_pin]))


def _printer(config: Config) -> Iterator[str]:
    printer = config.printer
    match printer.driver:
        case "network" if not printer.host:
            yield 'printer.host: needed with printer.driver = "network": the printer\'s name or address'
        case "file" if not printer.device:
            yield 'printer.device: needed with printer.driver = "file": a file or a device such as /dev/usb/lp0'
        case "usb" if not printer.usb_vendor_id or not printer.usb_product_id:
            yield "printer.usb_vendor_id: needed with usb_product_id; lsusb shows both, e.g. 0x04b8 and 0x0e28"


def _ports(config: Config) -> Iterator[str]:
    if config.printer.driver == "serial" and config.printer.device and config.printer.device == config.register.port:
        yield "printer.device: is the register's port too; each device needs a port of its own"
