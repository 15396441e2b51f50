"""A release after the one that is installed, signed by a publisher whom the machine trusts; made while it is off."""

from __future__ import annotations

import re
from pathlib import Path

from tests.machine.image import bundle_of, run_in

NEXT_VERSION = "9.9.9"
FOLDER = "/root/releases"
_KEY = f"{FOLDER}/publisher"
_NAMESPACE = "netgiro-terminal-release"


def put_next_release(root: Path) -> None:
    """From the sources in the machine's /root/source, which are another version afterwards."""
    init = root / "root/source/terminal/__init__.py"
    init.write_text(
        re.sub(r'(?m)^__version__ = ".*"$', f'__version__ = "{NEXT_VERSION}"', init.read_text("utf-8")), "utf-8"
    )
    archive = bundle_of(root)
    (root / FOLDER.lstrip("/")).mkdir()
    archive = archive.rename(root / FOLDER.lstrip("/") / archive.name)
    run_in(root, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", _KEY)
    public = (root / f"{_KEY}.pub".lstrip("/")).read_text().strip()
    with (root / "etc/netgiro-terminal/release-keys").open("a") as keys:
        keys.write(f'release@example.is namespaces="{_NAMESPACE}" {public}\n')
    run_in(root, "ssh-keygen", "-q", "-Y", "sign", "-f", _KEY, "-n", _NAMESPACE, f"{FOLDER}/{archive.name}")
