"""Frames of real ZVT parties: register frames as ecrterm 1.0.8 sends them, terminal frames that it accepts."""

from __future__ import annotations

_REGISTER = """
registration, BA, EUR       | 10 02 06 00 06 12 34 56 BA 09 78 10 03 24 C3
registration, BE, ISK       | 10 02 06 00 06 00 00 00 BE 03 52 10 03 05 07
registration, no currency   | 10 02 06 00 04 12 34 56 BE 10 03 14 56
registration, text blocks   | 10 02 06 00 10 10 00 00 00 B6 09 78 03 01 06 06 26 04 0A 02 06 D3 10 03 B4 31
pay 1990 EUR                | 10 02 06 01 0A 04 00 00 00 00 19 90 49 09 78 10 03 41 7B
pay 1990 EUR, empty TLV     | 10 02 06 01 0C 04 00 00 00 00 19 90 49 09 78 06 00 10 03 A1 97
pay 1990 ISK                | 10 02 06 01 0A 04 00 00 00 00 19 90 49 03 52 10 03 78 D6
pay 199000 ISK              | 10 02 06 01 0A 04 00 00 00 19 90 00 49 03 52 10 03 4C 3C
pay 1990                    | 10 02 06 01 07 04 00 00 00 00 19 90 10 03 21 14
pay 199000                  | 10 02 06 01 07 04 00 00 00 19 90 00 10 03 4C A7
pay 1000 EUR                | 10 02 06 01 0A 04 00 00 00 00 10 10 00 49 09 78 10 03 27 60
reversal of receipt 1       | 10 02 06 30 06 00 00 00 87 00 01 10 03 C2 AC
refund 1990                 | 10 02 06 31 0A 00 00 00 04 00 00 00 00 19 90 10 03 74 C8
end of day                  | 10 02 06 50 03 12 34 56 10 03 C4 AF
diagnosis                   | 10 02 06 70 00 10 03 D9 F9
status enquiry              | 10 02 05 01 03 12 34 56 10 03 E0 43
status enquiry, no password | 10 02 05 01 00 10 03 10 06
repeat receipt              | 10 02 06 20 03 00 00 00 10 03 FA F2
repeat with status          | 10 02 06 20 05 00 00 00 03 01 10 03 6B 26
log-off                     | 10 02 06 02 00 10 03 B9 CC
abort                       | 10 02 06 B0 00 10 03 43 F3
reset                       | 10 02 06 18 00 10 03 56 3A
"""

_TERMINAL = """
good                        | 10 02 80 00 00 10 03 F5 1F
not possible                | 10 02 84 83 00 10 03 91 8E
please wait                 | 10 02 84 9C 00 10 03 C3 41
wrong currency, ISK         | 10 02 84 1E 03 6F 03 52 10 03 10 99
registered                  | 10 02 06 0F 07 19 00 29 12 34 56 78 10 03 52 23
registered, ISK             | 10 02 06 0F 0A 19 00 29 12 34 56 78 49 03 52 10 03 6E 42
status, NG1.0, ready        | 10 02 06 0F 09 F0 F0 F5 4E 47 31 2E 30 00 10 03 BE 1A
progress 0A                 | 10 02 04 FF 01 0A 10 03 F5 7D
progress 0E                 | 10 02 04 FF 01 0E 10 03 95 1A
progress 17                 | 10 02 04 FF 01 17 10 03 1C 58
progress with text          | 10 02 04 FF 14 FF 03 06 10 10 24 0E 07 0C 4E 69 64 75 72 74 61 6C 6E 69 6E 67 10 03 FB C4
paid                        | 10 02 04 0F 2A 27 00 04 00 00 00 00 19 90 0B 00 00 01 0C 15 30 00 0D 11 23 29 12 34 56 78 87 00 01 8A FF 8B F0 F9 4E 65 74 67 69 72 6F 00 00 10 03 B9 B6
result 00, ISK              | 10 02 04 0F 0C 27 00 04 00 00 00 00 19 90 49 03 52 10 03 01 ED
result 6C, ISK              | 10 02 04 0F 0C 27 6C 04 00 00 00 00 19 90 49 03 52 10 03 4B 9E
print line                  | 10 02 06 D1 0E 00 2A 2A 20 4E 65 74 67 69 72 6F 20 2A 2A 10 03 48 96
print empty line            | 10 02 06 D1 01 00 10 03 1C B7
text block                  | 10 02 06 D3 2C 06 2A 1F 07 01 02 25 24 07 0D 2A 2A 20 4E 65 74 67 69 72 6F 20 2A 2A 07 10 10 55 70 70 68 61 65 64 20 31 2E 39 39 30 20 6B 72 09 01 FF 10 03 B4 83
completion                  | 10 02 06 0F 00 10 03 C6 33
aborted 6C                  | 10 02 06 1E 01 6C 10 03 C9 F2
aborted 05                  | 10 02 06 1E 01 05 10 03 84 40
"""  # noqa: E501


def _read(table: str) -> dict[str, bytes]:
    rows = (line.split("|") for line in table.strip().splitlines())
    return {name.strip(): bytes.fromhex(wire) for name, wire in rows}


FROM_REGISTER = _read(_REGISTER)
FROM_TERMINAL = _read(_TERMINAL)
ALL = FROM_REGISTER | FROM_TERMINAL
