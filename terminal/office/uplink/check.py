"""On a terminal: is the way to the office open, and how it gets its token."""

from __future__ import annotations

import os
from pathlib import Path

from terminal.config.schema import Config
from terminal.errors import ConfigError, TerminalError
from terminal.office.finding import Finding, failed, ok
from terminal.office.uplink.client import OfficeClient, OfficeError
from terminal.office.wire import is_token
from terminal.sale.sensitive import Sensitive
from terminal.system.files import write_whole

NO_EPOCH = "0"
"""A journal that nobody has."""


async def examine(config: Config) -> list[Finding]:
    if not config.office_token:
        return [failed("token", "none to be seen from here", "netgiro-terminal office join CODE fetches one")]
    try:
        client = OfficeClient(config.office.url, config.office_token, config.office.ca_file)
    except OSError as error:
        return [failed("office", f"office.ca_file cannot be used: {error}", "name a PEM file")]
    try:
        await client.have(config.terminal.id, NO_EPOCH)
    except OfficeError as error:
        advice = {
            0: "look at office.url, the network and this machine's clock",
            401: "ask the office for a code, then: netgiro-terminal office join CODE",
            403: "terminal.id must be the one that the token was made for",
        }
        return [failed("office", str(error), advice.get(error.status, "look at the office's log"))]
    finally:
        await client.close()
    return [ok("office", f"{config.office.url} takes this terminal's journal")]


async def join(config: Config, code: str) -> str:
    """Fetch this terminal's token and keep it in ``office.token_file``. Raises TerminalError."""
    office = config.office
    problems = [
        f"{key}: empty; {advice}"
        for key, value, advice in (
            ("office.url", office.url, "name the office's address"),
            ("office.token_file", office.token_file, "name a file for the token"),
        )
        if not value
    ]
    if problems:
        raise ConfigError(problems)
    target = Path(office.token_file)
    if not os.access(target.parent, os.W_OK):  # before the code is spent
        raise TerminalError(f"{target.parent} cannot be written by this user: run this with sudo")
    try:
        client = OfficeClient(office.url, Sensitive(""), office.ca_file)
    except OSError as error:
        raise TerminalError(f"office.ca_file cannot be used: {error}; name a PEM file, or leave it empty") from error
    try:
        token = await client.enrol(config.terminal.id, code)
    finally:
        await client.close()
    if not is_token(token.reveal()):
        raise TerminalError("what the office sent is no token: is office.url right?")
    _keep(target, token, Path(config.journal.path).parent)
    return f"terminal {config.terminal.id} has joined; the token is in {target}. Now: netgiro-terminal restart"


def _keep(target: Path, token: Sensitive, journal: Path) -> None:
    """Whole or not at all, and readable only by the terminal's own user: whose folder the journal's is."""
    try:
        owner = None
        if os.geteuid() == 0 and journal.is_dir():
            status = journal.stat()
            owner = status.st_uid, status.st_gid
        write_whole(target, f"{token.reveal()}\n".encode("ascii"), owner=owner)
    except OSError as error:
        raise TerminalError(f"{target} cannot be written: {error.strerror}") from error
