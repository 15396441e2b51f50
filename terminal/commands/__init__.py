"""The command line."""

import terminal.system.lean_msgspec  # noqa: F401  before anything else imports msgspec
from terminal.system.lean_imports import load_late

load_late("bz2", "lzma")  # for shutil's archives
load_late("locale")  # for subprocess, where it is to decode what a command says
