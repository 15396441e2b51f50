"""Runs inside the machine: does what is asked over virtio-serial ports, one line of JSON a job, one client a port.

``{"id", "command", "deadline_s"}`` is run by a shell; ``{"id", "contacts": [[5, 12], …], "down_s", "up_s"}`` presses
keys; ``{"id", "control"}`` asks the daemon on its control socket, which costs an emulated processor nothing.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from typing import Any

PORTS = 3
KEYS = "/proc/counter/keys"
CONTROL, CONTROL_PATIENCE_S = "/run/netgiro-terminal/control.sock", 10.0
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
    if "control" in job:
        return ask_daemon(job["control"])
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


def ask_daemon(command: str) -> tuple[int, str]:
    answer = b""
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.settimeout(CONTROL_PATIENCE_S)
        try:
            daemon.connect(CONTROL)
            daemon.sendall(json.dumps({"command": command}).encode() + b"\n")
            while not answer.endswith(b"\n"):
                if not (piece := daemon.recv(65536)):
                    return 1, "it closed the connection"
                answer += piece
        except OSError as error:
            return 1, str(error)
    return 0, answer.decode()


def serve(name: str) -> None:
    path = f"/dev/virtio-ports/{name}"
    while not os.path.exists(path):
        time.sleep(0.1)
    port = os.open(path, os.O_RDWR)
    rest = b""
    while True:
        data = os.read(port, 65536)
        if not data:  # nobody at the other end
            time.sleep(0.1)
            continue
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            job = json.loads(line)
            exit_code, output = do(job)
            answer = json.dumps({"id": job["id"], "exit_code": exit_code, "output": output}).encode() + b"\n"
            while answer:
                answer = answer[os.write(port, answer) :]


mine = 0
for number in range(1, PORTS):
    if not mine and not os.fork():
        mine = number
serve(f"agent{mine}")
