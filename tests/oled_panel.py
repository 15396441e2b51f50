"""An OLED at the end of an I2C bus, as its data sheet describes it: commands and data in, lit pixels out.

It has the methods of smbus2.SMBus that luma calls, so luma's real interface and devices run on top of it, and it counts
every byte on the wire: address and control byte of each transfer included.
"""

from __future__ import annotations

import errno
import threading
import time

MEMORY_COLUMNS = 132
I2C_BITS_PER_BYTE = 9
_PARAMETERS = {0x20: 1, 0x21: 2, 0x22: 2, 0x81: 1, 0x8D: 1, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1}


class OledPanel:
    """``kind`` decides how the memory is addressed: windows (ssd1306 and its like) or page by page (sh1106 and its).

    ``first_column``: where in the memory the glass begins.
    """

    def __init__(self, kind: str = "ssd1306", address: int = 0x3C, first_column: int | None = None) -> None:
        self.address = address
        self.plugged = True
        self.hangs = threading.Event()
        self.hangs.set()
        """Cleared: the bus hangs until it is set again."""
        self.commands = 0
        self.bytes_on_wire = 0
        self.contrast = 0
        self.is_on = False
        self.seconds_per_byte = 0.0
        """How long the bus takes, if it shall take its time: I2C_BITS_PER_BYTE / 400_000 at 400 kHz."""
        self._pages_alone = kind in ("sh1106", "sh1107", "ch1115")
        usual = {"sh1106": 2, "ch1115": 2}.get(kind, 0)
        self._first_column = usual if first_column is None else first_column
        self._memory = [bytearray(MEMORY_COLUMNS) for _ in range(16)]
        self._is_set_up = False
        self._columns, self._pages = (0, 127), (0, 7)
        self._column = self._page = 0

    def write_i2c_block_data(self, address: int, mode: int, data: list[int]) -> None:
        self.hangs.wait()
        if not self.plugged or address != self.address:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        self.bytes_on_wire += 2 + len(data)
        if self.seconds_per_byte:
            time.sleep((2 + len(data)) * self.seconds_per_byte)
        if mode == 0x40:
            for byte in data:
                self._store(byte)
        else:
            self.commands += 1
            self._command(list(data))

    def lose_power(self) -> None:
        """For a moment: it answers as before, but has forgotten how it was set up, and what it showed."""
        self.is_on = self._is_set_up = False
        self.contrast = 0x7F
        for page in self._memory:
            page[:] = bytes([0xA5]) * MEMORY_COLUMNS
        self._columns, self._pages = (0, 127), (0, 7)
        self._column = self._page = 0

    def pixel(self, x: int, y: int) -> int:
        """1 if it is lit, were the display on."""
        return self._memory[y // 8][x + self._first_column] >> (y % 8) & 1

    def lit(self, height: int = 64, width: int = 128) -> list[tuple[int, int]]:
        is_lit = self.is_on and self._is_set_up
        return [(x, y) for x in range(width) for y in range(height) if is_lit and self.pixel(x, y)]

    def wire_ms(self, bits_per_s: int = 400_000) -> float:
        """How long the bytes counted so far take on the bus."""
        return self.bytes_on_wire * I2C_BITS_PER_BYTE / bits_per_s * 1000

    def _store(self, byte: int) -> None:
        self._memory[self._page][self._column] = byte
        self._column += 1
        if self._pages_alone:
            self._column = min(self._column, MEMORY_COLUMNS - 1)
        elif self._column > self._columns[1]:
            self._column = self._columns[0]
            self._page = self._page + 1 if self._page < self._pages[1] else self._pages[0]

    def _command(self, words: list[int]) -> None:
        while words:
            code = words.pop(0)
            parameters = [words.pop(0) for _ in range(min(_PARAMETERS.get(code, 0), len(words)))]
            if code in (0xAE, 0xAF):
                self.is_on = code == 0xAF
            elif code == 0x81:
                self.contrast = parameters[0]
            elif code == 0xA8:  # without its number of rows no controller scans the glass
                self._is_set_up = True
            elif self._pages_alone:
                self._address_page(code)
            elif code == 0x21:
                self._columns = (parameters[0], parameters[1])
                self._column = parameters[0]
            elif code == 0x22:
                self._pages = (parameters[0], parameters[1])
                self._page = parameters[0]

    def _address_page(self, code: int) -> None:
        if code < 0x10:
            self._column = self._column & 0xF0 | code
        elif code < 0x20:
            self._column = self._column & 0x0F | (code & 0x0F) << 4
        elif 0xB0 <= code <= 0xBF:
            self._page = code & 0x0F
