"""A Debian for arm64 whose programs qemu-user runs on this machine's own kernel: no Pi, but a Pi's machine code.

It is unpacked and never configured, because each program of it that runs here takes ten times as long as on a Pi: no
package's own scripts run, and what they would have left is put there by hand.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.machine.image import (
    CERTIFICATES,
    DEBIAN_PATIENCE_S,
    MIRROR,
    NoDebianError,
    answers,
    digest,
    missing_here,
    mounts_overlays,
)
from tests.patience import at_most

QEMU = "qemu-aarch64-static"
IS_NATIVE = platform.machine() == "aarch64"
NEEDED = ("debootstrap",) if IS_NATIVE else ("debootstrap", QEMU)
PACKAGES = ("systemd", "python3", "python3-venv", "ca-certificates", "openssh-client")
PROCESSOR = {"QEMU_CPU": "cortex-a53"}
"""A Pi 3's, the oldest that 64-bit systems run on: what was compiled for a newer one ends with SIGILL."""

_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_OURS = "netgiro-test-aarch64"
_MAGIC = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
_MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
"""The kernel's docs/admin-guide/binfmt-misc: 64-bit little-endian ELF for machine 183. F: opened now, so it is found
in any root."""
_MERGED = ("bin", "sbin", "lib")
"""Links into /usr; packages still have files under the short names."""


def missing(suite: str) -> list[str]:
    """What this machine lacks to make one and run programs in it; nothing is left behind."""
    if found := missing_here(NEEDED):
        return found
    if not mounts_overlays():
        return ["the right to mount"]
    with contextlib.suppress(OSError), emulation():
        release = f"{MIRROR}/dists/{suite}/Release"
        return [] if answers(release) else [f"{release} (packages)"]
    return ["binfmt_misc in the kernel"]


@contextlib.contextmanager
def emulation() -> Iterator[None]:
    """The kernel hands programs for arm64 to qemu, for as long as this lasts or, where it did so before, longer; on a
    Pi nothing has to be done."""
    if IS_NATIVE:
        yield
        return
    with contextlib.ExitStack() as undone:
        if not _BINFMT.joinpath("register").exists():
            if subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", _BINFMT], check=False).returncode:
                raise OSError("binfmt_misc cannot be mounted")
            undone.callback(subprocess.run, ["umount", _BINFMT], check=True)
        if not any(_BINFMT.glob("*aarch64*")):
            _BINFMT.joinpath("register").write_text(f":{_OURS}:M::{_MAGIC}:{_MASK}:{shutil.which(QEMU)}:F")
            undone.callback(_BINFMT.joinpath(_OURS).write_text, "-1")
        yield


def blank_aarch64(suite: str, cache: Path) -> Path:
    """Made once; nothing in it has run yet."""
    root = cache / f"arm64-{suite}-{digest(*PACKAGES, Path(__file__).read_bytes())}"
    if not root.exists():
        cache.mkdir(parents=True, exist_ok=True)
        for old in cache.glob(f"arm64-{suite}-*"):
            shutil.rmtree(old)
        part = root.with_suffix(".part")
        part.mkdir()
        with tempfile.TemporaryDirectory(prefix="arm64-") as fetched:
            _fetch(suite, Path(fetched))
            _unpack(sorted(Path(fetched).glob("var/cache/apt/archives/*.deb")), part)
        for name in ("passwd", "group"):
            shutil.copy(part / f"usr/share/base-passwd/{name}.master", part / f"etc/{name}")
        certificates = sorted((part / "usr/share/ca-certificates/mozilla").glob("*.crt"))
        (part / CERTIFICATES.relative_to("/")).write_bytes(b"".join(path.read_bytes() for path in certificates))
        part.rename(root)
    return root


def _fetch(suite: str, folder: Path) -> None:
    include = f"--include={','.join(PACKAGES)}"
    command = ["debootstrap", "--arch=arm64", "--download-only", "--variant=minbase", include, suite, folder, MIRROR]
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    try:
        subprocess.run(command, check=True, env=os.environ | {"PATH": path}, timeout=at_most(DEBIAN_PATIENCE_S))
    except subprocess.SubprocessError as error:
        raise NoDebianError(f"no Debian {suite} for arm64 could be had from {MIRROR}: {error}") from error


def _unpack(packages: list[Path], root: Path) -> None:
    for name in _MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for package in packages:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as contents:
            subprocess.run(
                ["tar", "-C", root, "-x", "--keep-directory-symlink", "--warning=no-timestamp"],
                stdin=contents.stdout,
                check=True,
            )
        assert contents.returncode == 0, package


@contextlib.contextmanager
def root_on(base: Path, work: Path, shared: Path) -> Iterator[Path]:
    """What is changed in it is forgotten. ``shared`` is in it under the name it has here; so are devices and /proc."""
    for name in ("root", "written", "work"):
        (work / name).mkdir(parents=True)
    root = work / "root"
    layers = f"lowerdir={base},upperdir={work / 'written'},workdir={work / 'work'}"
    with contextlib.ExitStack() as mounts:

        def mount(at: Path, *how: str) -> None:
            at.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", *how, at], check=True)
            mounts.callback(subprocess.run, ["umount", at], check=True)

        mount(root, "-t", "overlay", "overlay", "-o", layers)
        mount(root / "proc", "-t", "proc", "proc")
        mount(root / "dev", "--bind", "/dev")
        mount(root / "dev/pts", "--bind", "/dev/pts")
        mount(root / os.path.relpath(shared, "/"), "--bind", str(shared))
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", root / "etc" / name)
        yield root
