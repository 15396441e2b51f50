"""Prints what a built package must fit, such as ``aarch64 python3.11``. For install.sh and bundle.sh.

A 32-bit Raspberry Pi OS often runs on a 64-bit kernel, which then calls the machine aarch64: the interpreter counts.
"""

import platform
import struct
import sys

name = platform.machine()
if struct.calcsize("P") == 4 and name.startswith(("arm", "aarch64")):
    name = "armhf"
print(name, f"python{sys.version_info[0]}.{sys.version_info[1]}")
