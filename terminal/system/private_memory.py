"""Keeps the process's memory, which holds the secret key and for moments a customer's number, to itself."""

from __future__ import annotations

import ctypes
import logging
import resource

PR_SET_DUMPABLE = 4
"""prctl(2): 0 forbids core dumps, and other processes of the same user to look into this one."""

log = logging.getLogger(__name__)


def keep_memory_private() -> None:
    """No core dump and no debugger, also where no unit says so."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        log.warning("this process can be looked into by others of its user: prctl failed, %s", ctypes.get_errno())
