"""Typed settings of every device, as they stand in config.toml. Plain data; importing this opens nothing."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

PinNumber = Annotated[int, msgspec.Meta(ge=0, le=53)]
Contrast = Annotated[int, msgspec.Meta(ge=0, le=255)]


class SerialSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A serial line: path, speed and framing, as the peer's manual names them."""

    port: str
    baudrate: Annotated[int, msgspec.Meta(ge=300, le=921_600)] = 9600
    bytesize: Literal[7, 8] = 8
    parity: Literal["N", "E", "O"] = "N"
    stopbits: Literal[1, 2] = 1
    rtscts: bool = False
    xonxoff: bool = False


NETWORK = "tcp://"


def network_address(port: str) -> tuple[str, int] | None:
    """Where to listen: of ``tcp://ADDRESS:PORT``; None for a serial port. Raises ValueError, saying what to write."""
    if not port.startswith(NETWORK):
        return None
    parts = urlsplit(port)
    try:
        number = parts.port
    except ValueError:
        number = None
    if not parts.hostname or number is None or parts.path or parts.query or "@" in port:
        raise ValueError("name an address of this machine and a port, such as tcp://192.168.1.20:20007")
    return parts.hostname, number


class KeypadSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[keypad]``: which driver; matrix: its pins (BCM numbers) and layout (one string a row); evdev: its path.

    ``debounce_ms`` is how long a key must have been seen up to be up; half of it down makes it down.
    """

    driver: Literal["matrix", "evdev", "simulated"] = "matrix"
    row_pins: tuple[PinNumber, ...] = (5, 6, 13, 19)
    column_pins: tuple[PinNumber, ...] = (12, 16, 20, 21)
    layout: tuple[str, ...] = ("123A", "456B", "789C", "*0#D")
    debounce_ms: Annotated[int, msgspec.Meta(ge=1, le=200)] = 20
    device: str = ""


class ScannerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[scanner]``: a barcode scanner that types like a keyboard (evdev) or talks over a serial line."""

    driver: Literal["evdev", "serial", "simulated", "none"] = "none"
    device: str = ""
    baudrate: Annotated[int, msgspec.Meta(ge=300, le=921_600)] = 9600


DISPLAY_SIZES: dict[str, tuple[tuple[int, int], ...]] = {
    "ssd1305": ((128, 64), (128, 32)),
    "ssd1306": ((128, 64), (128, 32)),
    "ssd1309": ((128, 64), (128, 32)),
    "ssd1315": ((128, 64), (128, 32)),
    "ssd1316": ((128, 64), (128, 32)),
    "ssd1322": ((256, 64), (128, 64)),
    "ssd1327": ((128, 128),),
    "sh1106": ((128, 64), (128, 32)),
    "sh1107": ((64, 128), (80, 128), (128, 128)),
    "ch1115": ((128, 64),),
}
"""Columns and rows that each controller is known to have, as it counts them."""
LEAST_WIDTH_PX = 128
"""As it is looked at: on a narrower one words would be cut."""
SPI_RESET_PIN = 25
"""Unless another one is named."""
TOP_COLOUR_ROWS = 16
"""Of panels with two colours, yellow and blue mostly."""


class DisplaySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[display]``: the OLED's controller, how it is wired and how large it is in pixels."""

    driver: Literal[
        "ssd1305", "ssd1306", "ssd1309", "ssd1315", "ssd1316", "ssd1322", "ssd1327", "sh1106", "sh1107", "ch1115",
        "simulated", "none",
    ] = "ssd1306"  # fmt: skip
    interface: Literal["i2c", "spi"] = "i2c"
    i2c_port: int = 1
    i2c_address: int = 0x3C
    width: Annotated[int, msgspec.Meta(ge=64, le=256)] = 128
    height: Annotated[int, msgspec.Meta(ge=32, le=128)] = 64
    rotate: Literal[0, 1, 2, 3] = 0
    column_offset: Annotated[int, msgspec.Meta(ge=-4, le=64)] = 0
    reset_pin: PinNumber = 0
    two_colours: bool = False
    large_text: bool = False
    contrast: Contrast = 127
    night_contrast: Contrast = 16
    night_hours: Annotated[
        str,
        msgspec.Meta(pattern=r"^(([01]?[0-9]|2[0-3])-([01]?[0-9]|2[0-3]))?\Z", description='two hours such as "22-7"'),
    ] = "22-7"
    blank_after_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 300.0

    @property
    def size_px(self) -> tuple[int, int]:
        """As it is looked at."""
        return (self.width, self.height) if self.rotate % 2 == 0 else (self.height, self.width)

    @property
    def split_px(self) -> int:
        """The row, as it is looked at, above which the glass has another colour than below; 0 if it has one colour."""
        if not self.two_colours:
            return 0
        return TOP_COLOUR_ROWS if self.rotate == 0 else self.height - TOP_COLOUR_ROWS

    def is_night(self, hour: int) -> bool:
        """Whether ``hour`` (0 to 23) lies in ``night_hours``, which begin with the first and end before the second."""
        if not self.night_hours:
            return False
        begin, end = (int(part) for part in self.night_hours.split("-"))
        return begin <= hour < end if begin <= end else hour >= begin or hour < end


class SignalSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[signals]``: a lamp and a buzzer on pins of the Pi (BCM numbers; 0: not there)."""

    driver: Literal["gpio", "simulated", "none"] = "none"
    lamp_pin: PinNumber = 23
    buzzer_pin: PinNumber = 18
    key_beep: bool = False


def names_a_device(path: str) -> bool:
    """A path that the kernel makes, so that nothing may be created there. /dev/shm is a RAM disk, which holds files."""
    return path.startswith("/dev/") and not path.startswith("/dev/shm/")


class PrinterSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[printer]``: how the receipt printer is reached, what paper it has, what it understands and what hangs on it.

    ``profile`` is python-escpos' name for the model; it matters where a printer numbers its code pages in its own way.
    """

    driver: Literal["serial", "usb", "network", "file", "simulated", "none"] = "serial"
    device: str = ""
    baudrate: Annotated[int, msgspec.Meta(ge=300, le=921_600)] = 19_200
    flow_control: Literal["none", "rtscts", "xonxoff"] = "none"
    host: str = ""
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 9100
    usb_vendor_id: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] = 0
    usb_product_id: Annotated[int, msgspec.Meta(ge=0, le=0xFFFF)] = 0
    columns: Annotated[int, msgspec.Meta(ge=24, le=64)] = 48
    answers: Literal["auto", "none"] = "auto"
    profile: str = "default"
    codepage: Literal["CP858", "CP1252", "ISO_8859-15", "CP850", "CP861", "raster"] = "CP858"
    logo: str = ""
    cut: Literal["partial", "full", "none"] = "partial"
    drawer: Literal["none", "pin2", "pin5"] = "none"
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
