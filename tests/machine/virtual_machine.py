"""One machine in qemu: power, its agent's shell, USB plugs, and the far ends of its cables."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from tests.integration.process import wait_until
from tests.machine.image import Image
from tests.machine.volatile_disk import VolatileDisk
from tests.patience import at_most

REGISTER, PRINTER, PAD, SCANNER = "register", "printer", "pad", "scanner"
PLUGS: dict[str, dict[str, Any]] = {
    REGISTER: {"driver": "usb-serial", "chardev": REGISTER, "serial": "REG0001", "always-plugged": True},
    PRINTER: {"driver": "usb-serial", "chardev": PRINTER, "serial": "PRN0001", "always-plugged": True},
    PAD: {"driver": "usb-kbd", "display": "video0", "serial": "PAD0001"},
    SCANNER: {"driver": "usb-kbd", "display": "video1", "serial": "SCAN0001"},
}
"""A keyboard listens to the display that it stands before: so QMP can type on either."""
SOCKETS = {name: number for number, name in enumerate(PLUGS, 1)}
BOOT_DEADLINE_S = 300.0
QUICK_S = 5.0
KVM_PATIENCE_S = 20.0
"""/dev/kvm may be there and no guest ever run on it."""
_AGENTS = 3
_KVM, _EMULATION = "kvm", "tcg,thread=single,tb-size=512"
_OWN_TIME = ("-icount", "shift=1,sleep=on")
"""An emulated machine's clock goes on by 2 ns an instruction (QEMU's docs/devel/tcg-icount). However long its processor
waits for a core of ours, of a second of its own it misses nothing: keys are scanned in time beside other work."""
_NOBODYS = (
    *("bochs", "psmouse", "ahci", "lpc_ich", "i2c_i801", "parport_pc", "pcspkr", "cfg80211", "kvm_amd", "kvm_intel"),
    *(
        "powernow_k8",
        "acpi_cpufreq",
        "iTCO_wdt",
        "aesni_intel",
        "ghash_clmulni_intel",
        "sha512_ssse3",
        "button",
        "evbug",
    ),
    *("libata", "scsi_mod", "drm", "kvm", "ccp", "parport"),
)
"""Modules for what no counter has; an emulated processor takes ten seconds to load them."""
_KERNEL = (
    "root=/dev/vda ro console=ttyS0 loglevel=4 net.ifnames=0 mitigations=off cryptomgr.notests nokaslr "
    f"systemd.show_status=0 module_blacklist={','.join(_NOBODYS)}"
)


class VirtualMachine:
    """Switched off at first. ``netgiro_port`` is the simulated Netgíró's on this machine's loopback."""

    def __init__(self, image: Image, folder: Path, netgiro_port: int, disk: VolatileDisk | None = None) -> None:
        self.folder = folder
        self.console = folder / "console.log"
        self._image = image
        self._netgiro_port = netgiro_port
        self._disk = disk
        self._qemu: subprocess.Popen[bytes] | None = None
        self._agents = [threading.Lock() for _ in range(_AGENTS)]
        self._jobs = itertools.count()

    # --- power --------------------------------------------------------------------------------------------------------

    def power_on(self, *, rtc: str = "base=utc", is_wired: bool = True) -> float:
        """Boot; how long it took until its agent answered, in seconds. Perhaps without a network."""
        started_s = time.monotonic()
        for path in self.folder.glob("*.sock"):
            path.unlink()
        with (self.folder / "qemu.log").open("ab") as log:
            self._qemu = subprocess.Popen(
                self._command(rtc), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        if not is_wired:
            wait_until("qemu", (self.folder / "qmp.sock").exists)
            self.wire(is_wired=False)
        wait_until("the machine's agent", self._answers, BOOT_DEADLINE_S)
        return time.monotonic() - started_s

    def _answers(self) -> bool:
        assert self._qemu is not None
        log = self.folder / "qemu.log"
        assert self._qemu.poll() is None, log.read_text(errors="replace")[-2000:]
        return bool(self._boot_id())

    def _boot_id(self) -> str:
        """Empty if nobody answers now. No patience: a question that a reboot swallows is never answered."""
        time.sleep(0.2)
        with contextlib.suppress(OSError):
            job = {"command": "cat /proc/sys/kernel/random/boot_id", "deadline_s": QUICK_S}
            return str(self._ask(job, QUICK_S)["output"]).strip()
        return ""

    def reboot(self) -> None:
        """In an orderly way; returns as soon as its agent answers again."""
        before = self._boot_id()
        assert before
        self.shell("(sleep 1; systemctl reboot) >/dev/null 2>&1 &", check=True)
        wait_until("the machine to boot anew", lambda: self._boot_id() not in ("", before), BOOT_DEADLINE_S)

    def cut_power(self) -> None:
        """SIGKILL to qemu; of what a volatile disk was told and did not flush, some is lost."""
        if self._qemu is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._qemu.pid, signal.SIGKILL)
            self._qemu.wait(at_most(30))
            self._qemu = None
        if self._disk is not None:
            self._disk.cut()

    def _command(self, rtc: str) -> list[str]:
        here = self.folder
        if self._disk is None:
            drive = f"file={self._image.disk},format=raw,cache=unsafe"
        else:
            drive = f"file=nbd+unix:///?socket={here / 'disk.nbd'},format=raw,cache=none"
        emulated = not has_kvm(self._image)
        command = [
            *("qemu-system-x86_64", "-machine", "q35", "-accel", _EMULATION if emulated else _KVM, "-cpu", "max"),
            *("-m", "1024", "-display", "none", "-vga", "none", "-no-user-config", "-rtc", rtc),
            *(_OWN_TIME if emulated else ()),
            *("-kernel", str(self._image.kernel), "-initrd", str(self._image.initrd)),
            *("-append", f"{_KERNEL} netgiro_port={self._netgiro_port}"),
            *("-drive", f"{drive},if=none,id=disk", "-device", "virtio-blk-pci,drive=disk"),
            *("-qmp", f"unix:{here}/qmp.sock,server=on,wait=off"),
            *("-chardev", f"file,id=console,path={self.console},append=on", "-device", "isa-serial,chardev=console"),
            *("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,id=nic"),
            *("-device", "secondary-vga,id=video0", "-device", "secondary-vga,id=video1"),
            *("-device", "virtio-serial-pci", "-device", "qemu-xhci,id=usb,p2=8,p3=8"),
        ]
        for number in range(_AGENTS):
            command += ["-chardev", f"socket,id=agent{number},path={here}/agent{number}.sock,server=on,wait=off"]
            command += ["-device", f"virtserialport,chardev=agent{number},name=agent{number}"]
        for name in (REGISTER, PRINTER):
            command += ["-chardev", f"socket,id={name},path={here}/{name}.sock,server=on,wait=off"]
        for name, facts in PLUGS.items():
            device = {**facts, "id": name, "bus": "usb.0", "port": str(SOCKETS[name])}
            command += ["-device", json.dumps(device)]
        return command

    # --- from outside -------------------------------------------------------------------------------------------------

    def shell(self, command: str, *, deadline_s: float = 120.0, check: bool = False) -> str:
        """A command of root's; what it said, errors included."""
        deadline_s = at_most(deadline_s)
        answer = self._ask({"command": command, "deadline_s": deadline_s}, deadline_s + at_most(10))
        assert answer["exit_code"] == 0 or not check, (
            f"{command!r} ended with {answer['exit_code']}:\n{answer['output']}"
        )
        return str(answer["output"])

    def sleep(self, seconds: float) -> None:
        """By the machine's clock: an emulated one is behind ours while it is busy."""
        self.shell(f"sleep {seconds}", deadline_s=3 * seconds + 30, check=True)

    def control(self, command: str) -> str:
        """The daemon's own answer on its control socket; empty as long as none answers."""
        answer = self._ask({"control": command}, at_most(20))
        return "" if answer["exit_code"] else str(answer["output"])

    def press(self, contacts: list[tuple[int, int]], down_s: float, up_s: float) -> None:
        """Close and open contacts of the key matrix, one after another."""
        job = {"contacts": contacts, "down_s": down_s, "up_s": up_s}
        self._ask(job, at_most(60 + 2 * len(contacts) * (down_s + up_s)))

    def _ask(self, job: dict[str, Any], deadline_s: float) -> dict[str, Any]:
        agent, lock = next(
            ((number, lock) for number, lock in enumerate(self._agents) if lock.acquire(blocking=False)), (0, None)
        )
        if lock is None:
            lock = self._agents[0]
            lock.acquire()
        try:
            return self._ask_agent(agent, {"id": f"{os.getpid()}-{next(self._jobs)}", **job}, deadline_s)
        finally:
            lock.release()

    def _ask_agent(self, agent: int, job: dict[str, Any], deadline_s: float) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as port:
            port.settimeout(deadline_s)
            port.connect(str(self.folder / f"agent{agent}.sock"))
            port.sendall(json.dumps(job).encode() + b"\n")
            rest = b""
            while True:
                data = port.recv(65536)
                if not data:
                    raise ConnectionError("the machine is gone")
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    with contextlib.suppress(ValueError):  # the rest of an answer that nobody waited for
                        answer: dict[str, Any] = json.loads(line)
                        if answer.get("id") == job["id"]:
                            return answer

    def qmp(self, command: str, **arguments: Any) -> Any:
        """The machine's own control port (QEMU's docs/interop/qmp-spec)."""
        with socket.socket(socket.AF_UNIX) as port:
            port.settimeout(at_most(30))
            port.connect(str(self.folder / "qmp.sock"))
            stream = port.makefile("rw")
            stream.readline()
            answer: dict[str, Any] = {}
            for message in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                stream.write(json.dumps(message))
                stream.flush()
                while "return" not in (answer := json.loads(stream.readline())):
                    assert "error" not in answer, answer
        return answer["return"]

    # --- cables -------------------------------------------------------------------------------------------------------

    def unplug(self, name: str) -> None:
        self.qmp("device_del", id=name)
        wait_until(f"{name} to be gone", lambda: not self.is_plugged(name), 30)

    def plug_in(self, name: str, socket_number: int = 0) -> None:
        """Into its own USB socket, unless another is named."""
        self.qmp("device_add", **PLUGS[name], id=name, bus="usb.0", port=str(socket_number or SOCKETS[name]))

    def wire(self, *, is_wired: bool = True) -> None:
        """The network's cable."""
        self.qmp("set_link", name="nic", up=is_wired)

    def is_plugged(self, name: str) -> bool:
        return f'id "{name}"' in str(self.qmp("human-monitor-command", **{"command-line": "info qtree"}))

    def type_on(self, plug: str, *codes: str, pause_s: float = 0.03) -> None:
        """QEMU's key codes (``kp_1``, ``ret``); faster than 20 ms of the machine's time QEMU loses some."""
        for code in codes:
            for is_down in (True, False):
                key = {"type": "key", "data": {"down": is_down, "key": {"type": "qcode", "data": code}}}
                self.qmp("input-send-event", device=PLUGS[plug]["display"], head=0, events=[key])
                time.sleep(at_most(pause_s))


@functools.cache
def has_kvm(image: Image) -> bool:
    """A kernel reaches its init on KVM within ``KVM_PATIENCE_S``."""
    return os.access("/dev/kvm", os.R_OK | os.W_OK) and _boots_on_kvm(image)


def _boots_on_kvm(image: Image) -> bool:
    command = [
        *("qemu-system-x86_64", "-machine", "q35", "-accel", "kvm", "-cpu", "max", "-m", "512", "-display", "none"),
        *("-vga", "none", "-no-reboot", "-serial", "stdio", "-monitor", "none", "-kernel", str(image.kernel)),
        *("-initrd", str(image.initrd), "-append", "console=ttyS0 panic=-1 rdinit=/bin/false"),
    ]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=KVM_PATIENCE_S, check=False
        )
        return b"Kernel panic" in done.stdout  # it came as far as our init, which ends at once
    return False
