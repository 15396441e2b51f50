"""Runs inside the clean machine: a serial line whose other end is a socket, because a container has no serial ports.

register_wire.py LINK SOCKET: LINK is the terminal's port; what a client of SOCKET sends comes out of it, and back.
A new client means that a cable was plugged in anew, so the port forgets that somebody had it to himself.
"""

import contextlib
import fcntl
import os
import select
import shutil
import socket
import sys
import termios
import tty
from typing import Any

link, address = sys.argv[1:]
ours, terminals = os.openpty()
tty.setraw(terminals)
shutil.chown(os.ttyname(terminals), group="dialout")
os.chmod(os.ttyname(terminals), 0o660)
for name in (link, address):
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name)
os.symlink(os.ttyname(terminals), link)
listener = socket.socket(socket.AF_UNIX)
listener.bind(address)
listener.listen()
client: socket.socket | None = None
while True:
    waited_for: list[Any] = [listener, ours, *([client] if client else [])]
    ready, _, _ = select.select(waited_for, [], [])
    if listener in ready:
        client, _ = listener.accept()
        fcntl.ioctl(terminals, termios.TIOCNXCL)
    if ours in ready:
        data = os.read(ours, 4096)
        if client:
            with contextlib.suppress(OSError):
                client.sendall(data)
    if client and client in ready:
        if data := client.recv(4096):
            os.write(ours, data)
        else:
            client = None
