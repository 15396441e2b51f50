"""Register programs on the network, as operators see them: who is paired, a code for another one, one that goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from terminal.doctor.status import ProgramsStatus
from terminal.errors import TerminalError

if TYPE_CHECKING:
    from terminal.register.http.port import HttpPort

NOT_CONFIGURED = 'there are no register programs: set register.protocol = "http" in config.toml'


def programs_status(port: HttpPort | None) -> ProgramsStatus | None:
    if port is None:
        return None
    names = tuple(dict.fromkeys(one.name for one in port.programs.known))
    return ProgramsStatus(url=port.base_url, certificate_sha256=port.certificate_sha256, paired=names)


def pairing_code(port: HttpPort | None) -> Mapping[str, Any]:
    """Raises TerminalError."""
    if port is None:
        raise TerminalError(NOT_CONFIGURED)
    code = port.programs.new_code()
    return {
        "code": code.digits.reveal(),
        "good_for_s": code.good_for_s,
        "url": port.base_url,
        "certificate_sha256": port.certificate_sha256,
    }


def revoke_program(port: HttpPort | None, name: str) -> int:
    """How many tokens of that name there were. Blocks while it is written. Raises TerminalError."""
    if port is None:
        raise TerminalError(NOT_CONFIGURED)
    try:
        revoked = port.programs.revoke(name)
    except OSError as error:
        raise TerminalError(f"the list of programs cannot be written: {error}") from error
    if not revoked:
        known = ", ".join(dict.fromkeys(one.name for one in port.programs.known)) or "none"
        raise TerminalError(f"no program is called {name!r}; paired: {known}")
    return revoked
