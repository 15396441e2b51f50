"""Runs inside the machine: does what is asked over virtio-serial ports, one line of JSON a job, one client a port.

``{"id", "command", "deadline_s"}`` is run by a shell; ``{"id", "contacts": [[5, 12], …], "down_s", "up_s"}`` presses
keys.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

PORTS = 3
KEYS = "/proc/counter/keys"
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}


def do(job: dict[str, Any]) -> tuple[int, str]:
    if "contacts" in job:
        for row, column in job["contacts"]:
            for sign, pause_s in (("+", job["down_s"]), ("-", job["up_s"])):
                with open(KEYS, "w") as keys:
                    keys.write(f"{sign}{row},{column}")
                time.sleep(pause_s)
        return 0, ""
    shell = subprocess.Popen(
        ["/bin/sh", "-c", job["command"]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=ENVIRONMENT,
    )
    late = ""
    try:
        output, _ = shell.communicate(timeout=job["deadline_s"])
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)  # its children, too: they hold the pipe
        output, _ = shell.communicate()
        late = f"\n[not done within {job['deadline_s']} s]"
    return shell.returncode, output.decode(errors="replace") + late


def serve(name: str) -> None:
    path = f"/dev/virtio-ports/{name}"
    while not os.path.exists(path):
        time.sleep(0.1)
    port = os.open(path, os.O_RDWR)
    rest = b""
    while True:
        data = os.read(port, 65536)
        if not data:  # nobody at the other end
            time.sleep(0.05)
            continue
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            job = json.loads(line)
            exit_code, output = do(job)
            answer = json.dumps({"id": job["id"], "exit_code": exit_code, "output": output}).encode() + b"\n"
            while answer:
                answer = answer[os.write(port, answer) :]


if len(sys.argv) == 1:
    for number in range(1, PORTS):
        subprocess.Popen([sys.executable, "-S", "-u", __file__, f"agent{number}"])
serve(sys.argv[1] if len(sys.argv) > 1 else "agent0")
