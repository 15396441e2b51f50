"""A disk with Debian, a kernel module that is a counter's hardware, and the terminal installed from its bundle.

Three layers, each made anew only when what it is made of has changed: a blank Debian (by suite and packages), the
counter's hardware in it (by the files of this folder), and the program (each time, by the project's own scripts).
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import lzma
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.patience import at_most

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PARTS = ("pyproject.toml", "README.md", "LICENSE", "config.toml", "terminal", "hardware", "systemd")
PACKAGES = (
    *("systemd", "systemd-sysv", "udev", "dbus", "kmod", "iproute2", "procps", "initramfs-tools"),
    *("python3", "python3-venv", "ca-certificates", "openssh-client"),
    *("linux-image-amd64", "linux-headers-amd64", "gcc", "make", "libc6-dev"),
)
PYPI = "https://pypi.org/simple/msgspec/"
LEAST_FREE_BYTES = 5 << 30
DEBIAN_PATIENCE_S = 900.0
SIZE_MB = 3072
NEEDED = ("debootstrap", "mke2fs", "qemu-system-x86_64")

PASSED_ON = ("http_proxy", "https_proxy", "no_proxy", "qemu_cpu")

INITRAMFS_MODULES = ("virtio_pci", "virtio_blk", "ext4")
UNPACKED_KERNEL, UNPACKED_INITRD = "boot/kernel", "boot/initrd"
XZ_MAGIC, GZIP_MAGIC = b"\xfd7zXZ\0", b"\x1f\x8b"
END_OF_CPIO = b"TRAILER!!!\0"
MODULES = ("counter_hw", "i2c-dev", "ftdi_sio", "usbhid", "evdev", "virtio_console", "virtio_net")
_NETGIRO_PORT = 8025
"""Where the terminal finds Netgíró on its own loopback: plain HTTP is allowed nowhere else."""

FILES = {
    "etc/hostname": "counter\n",
    "etc/fstab": "LABEL=root / ext4 rw,noatime 0 1\n",
    "etc/initramfs-tools/conf.d/counter": "MODULES=list\nCOMPRESS=gzip\n",
    "etc/initramfs-tools/modules": "".join(f"{name}\n" for name in INITRAMFS_MODULES),
    "etc/modules-load.d/counter.conf": "".join(f"{name}\n" for name in MODULES),
    "etc/systemd/system/wired.service": (
        "[Unit]\nDefaultDependencies=no\nAfter=systemd-modules-load.service\n"
        "[Service]\nType=oneshot\nExecStart=/sbin/ip address add 10.0.2.15/24 dev eth0\n"
        "ExecStart=/sbin/ip link set eth0 up\nExecStart=/sbin/ip route add default via 10.0.2.2\n"
        "[Install]\nWantedBy=sysinit.target\n"
    ),
    "etc/systemd/system/agent.service": (
        "[Unit]\nDefaultDependencies=no\nAfter=local-fs.target systemd-modules-load.service\n"
        "[Service]\nExecStart=/usr/bin/python3 -S /usr/local/lib/agent.py\nRestart=always\n"
        "[Install]\nWantedBy=sysinit.target\n"
    ),
    "etc/systemd/system/netgiro-wire.socket": (
        f"[Socket]\nListenStream=127.0.0.1:{_NETGIRO_PORT}\n[Install]\nWantedBy=sockets.target\n"
    ),
    "etc/systemd/system/netgiro-wire.service": "[Service]\nExecStart=/bin/sh /usr/local/lib/netgiro-wire\n",
    "usr/local/lib/netgiro-wire": (
        "port=$(sed -n 's/.*netgiro_port=\\([0-9]*\\).*/\\1/p' /proc/cmdline)\n"
        'exec /usr/lib/systemd/systemd-socket-proxyd "10.0.2.2:$port"\n'
    ),
}
ENABLED = ("agent.service", "netgiro-wire.socket", "wired.service")
USELESS = (
    *("e2scrub_reap.service", "systemd-binfmt.service", "systemd-update-utmp-runlevel.service"),
    *("dev-hugepages.mount", "dev-mqueue.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"),
    *("sys-kernel-config.mount", "proc-sys-fs-binfmt_misc.automount", "systemd-networkd.service"),
    *("modprobe@configfs.service", "modprobe@efi_pstore.service", "systemd-sysctl.service"),
    *("getty.target", "systemd-logind.service", "systemd-update-utmp.service", "apt-daily.timer"),
    *("apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer", "man-db.timer"),
    *("kmod-static-nodes.service", "ldconfig.service", "systemd-timesyncd.service"),
    *("modprobe@drm.service", "modprobe@fuse.service", "modprobe@loop.service", "modprobe@dm_mod.service"),
)
"""Of Debian's own services, what an emulated processor need not start."""


def missing(suite: str, cache: Path) -> list[str]:
    """What this machine lacks to make one and run it; nothing is left behind."""
    if found := missing_here(NEEDED):
        return found
    for folder in (cache, Path(tempfile.gettempdir())):
        there = next(place for place in (folder, *folder.parents) if place.exists())
        if shutil.disk_usage(there).free < LEAST_FREE_BYTES:
            found.append(f"{LEAST_FREE_BYTES >> 30} GB free in {there}")
    if not mounts_overlays():
        found.append("the right to mount")
    return found + [f"{name} (packages)" for name in (f"{MIRROR}/dists/{suite}/Release", PYPI) if not answers(name)]


def missing_here(tools: Sequence[str]) -> list[str]:
    """Which of these programs this machine lacks, and root."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    found = [tool for tool in tools if shutil.which(tool, path=path) is None]
    return [*found, "root"] if os.geteuid() else found


def mounts_overlays() -> bool:
    """A container's root may not be allowed to."""
    with tempfile.TemporaryDirectory(prefix="machine-") as folder:
        for name in ("lower", "upper", "work", "root"):
            (Path(folder) / name).mkdir()
        layers = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
        mount = ["mount", "-t", "overlay", "overlay", "-o", layers, f"{folder}/root"]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            return False
        subprocess.run(["umount", f"{folder}/root"], check=True)
        return True


def answers(address: str) -> bool:
    with contextlib.suppress(OSError):
        urllib.request.urlopen(address, timeout=at_most(20)).close()
        return True
    return False


class NoDebianError(RuntimeError):
    """Of no terminal's making."""


@dataclass(frozen=True, slots=True)
class Image:
    """What qemu is given to boot."""

    disk: Path
    kernel: Path
    initrd: Path


def make_image(
    suite: str, cache: Path, work: Path, config: str, secret_key: str, *, also: Callable[[Path], object]
) -> Image:
    """The terminal of this checkout on a Debian of this suite, configured and enabled, switched off.

    ``also`` is done in its root while the sources are still there.
    """
    base = _with_hardware(suite, cache)
    for name in ("root", "written", "work"):
        (work / name).mkdir()
    root = work / "root"
    layers = f"lowerdir={base},upperdir={work / 'written'},workdir={work / 'work'}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, root], check=True)
    try:
        with _proc_in(root):
            _install(root, config, secret_key, also)
        disk = work / "disk.img"
        make = ["/sbin/mke2fs", "-q", "-t", "ext4", "-L", "root", "-d", root, disk, f"{SIZE_MB}M"]
        subprocess.run(make, check=True)
    finally:
        subprocess.run(["umount", root], check=True)
    return Image(disk, base / UNPACKED_KERNEL, base / UNPACKED_INITRD)


def _unpack(boot: Path) -> None:
    """An emulated processor takes seconds to unpack what it starts with."""
    (kernel,) = boot.glob("vmlinuz-*")
    (initrd,) = boot.glob("initrd.img-*")
    packed = kernel.read_bytes()
    at = packed.find(XZ_MAGIC)
    plain = lzma.LZMADecompressor().decompress(packed[at:]) if at >= 0 else packed
    (boot.parent / UNPACKED_KERNEL).write_bytes(plain)
    (boot.parent / UNPACKED_INITRD).write_bytes(unpacked_initrd(initrd.read_bytes()))


def unpacked_initrd(packed: bytes) -> bytes:
    """Debian 13 puts a plain archive before the packed one, for what gzip would not make smaller."""
    at = 0
    while not packed.startswith(GZIP_MAGIC, at):
        at = packed.index(END_OF_CPIO, at) + len(END_OF_CPIO)
        at += len(packed[at:]) - len(packed[at:].lstrip(b"\0"))
    return packed[:at] + gzip.decompress(packed[at:])


@contextlib.contextmanager
def _proc_in(root: Path) -> Iterator[None]:
    """Some of systemd's tools work only where /proc is."""
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", root / "proc"], check=True)


def digest(*parts: str | bytes) -> str:
    return hashlib.sha256(b"\0".join(part.encode() if isinstance(part, str) else part for part in parts)).hexdigest()[
        :12
    ]


def _blank(suite: str, cache: Path) -> Path:
    root = cache / f"machine-{suite}-{digest(*PACKAGES)}"
    if not root.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = root.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        include = f"--include={','.join(PACKAGES)}"
        command = ["debootstrap", "--variant=minbase", include, suite, str(part), MIRROR]
        try:
            subprocess.run(command, check=True, timeout=at_most(DEBIAN_PATIENCE_S))
        except subprocess.SubprocessError as error:
            raise NoDebianError(f"no Debian {suite} could be made from {MIRROR}: {error}") from error
        part.rename(root)
    return root


def _with_hardware(suite: str, cache: Path) -> Path:
    blank = _blank(suite, cache)
    own = [path.read_bytes() for path in (HERE / "counter_hw.c", HERE / "agent.py", Path(__file__))]
    root = cache / f"{blank.name}-{digest(*own)}"
    if not root.exists():
        for old in cache.glob(f"{blank.name}-*"):
            shutil.rmtree(old)
        part = root.with_suffix(".part")
        subprocess.run(["cp", "-a", "--reflink=auto", blank, part], check=True)
        _build_hardware(part)
        part.rename(root)
    return root


def _build_hardware(root: Path) -> None:
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    shutil.copy(HERE / "agent.py", root / "usr/local/lib/agent.py")
    source = root / "usr/src/counter"
    source.mkdir()
    shutil.copy(HERE / "counter_hw.c", source)
    (source / "Makefile").write_text("obj-m := counter_hw.o\n")
    (kernel,) = [path.name for path in (root / "lib/modules").iterdir()]
    run_in(root, "make", "-C", f"/lib/modules/{kernel}/build", "M=/usr/src/counter", "modules")
    module = root / f"lib/modules/{kernel}/extra/counter_hw.ko"
    module.parent.mkdir(exist_ok=True)
    shutil.copy(source / "counter_hw.ko", module)
    run_in(root, "depmod", kernel)
    run_in(root, "update-initramfs", "-u", "-k", kernel)
    _unpack(root / "boot")
    run_in(root, "systemctl", "enable", *ENABLED)
    run_in(root, "systemctl", "mask", *USELESS)
    run_in(root, "passwd", "--delete", "root")


def _install(root: Path, config: str, secret_key: str, also: Callable[[Path], object]) -> None:
    """As the README says, but for ``setup``, whose questions a test of its own answers."""
    unpacked = install_program(root)
    etc = root / "etc/netgiro-terminal/config.toml"
    with etc.open("r+", encoding="utf-8") as file:  # in place: owner and mode stay
        file.write(config)
        file.truncate()
    run_in(root, "netgiro-terminal", "secret", "set", stdin=f"{secret_key}\n")
    also(root)
    for left in ("source", "bundles", unpacked):
        shutil.rmtree(root / "root" / left)


def install_program(root: Path) -> str:
    """From a bundle that is made in the machine; the folder in /root from which it was installed."""
    source = root / "root/source"
    source.mkdir()
    for part in PARTS:
        if (CHECKOUT / part).is_dir():
            shutil.copytree(CHECKOUT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(CHECKOUT / part, source / part)
    shutil.copyfile(CERTIFICATES, root / "root/certificates.crt")
    archive = bundle_of(root)
    name = archive.name.removesuffix(".tar.gz")
    run_in(root, "tar", "-C", "/root", "-xzf", f"/root/bundles/{archive.name}")
    run_in(root, "sh", f"/root/{name}/systemd/install.sh", "install")
    return name


def bundle_of(root: Path) -> Path:
    """The archive of what stands in the machine's /root/source."""
    said = run_in(root, "sh", "/root/source/systemd/bundle.sh", "/root/bundles")
    made = re.search(r"(?m)^/(root/bundles/\S+\.tar\.gz)$", said)
    assert made is not None, said
    return root / made[1]


def run_in(root: Path, *command: str, stdin: str = "") -> str:
    """A command in the machine while it is switched off, with our network; what it said."""
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": "/root",
        "PIP_CERT": "/root/certificates.crt",
        **{name: value for name, value in os.environ.items() if name.lower() in PASSED_ON},
    }
    done = subprocess.run(
        ["chroot", root, *command],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        env=environment,
    )
    assert done.returncode == 0, f"{command[:3]} ended with {done.returncode}:\n{done.stdout[-4000:]}"
    return done.stdout
