"""How terminals are: the last word of each, and what of it is trouble. Silence is judged when somebody looks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeVar

import msgspec

from terminal.office.server import reconciled
from terminal.office.server.database import Connection
from terminal.office.wire import StatusReport

LONGEST_BYTES = 64 * 1024
LONGEST_VERSION = 40
WELL = {"network_ok": True, "register_ok": True, "keypad_ok": True, "journal_ok": True}
"""What a status says of a terminal that is well."""
PRINTER_TROUBLES = frozenset({"offline", "paper_out", "cover_open"})

_KEEP = """
INSERT INTO status (terminal, troubles, document, settings_revision, settings_sha256, settings_refused, settings_why,
    version, reconciled, reconciled_agree, reconciled_differ, reconciled_not_asked,
    release_refused, release_why)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (terminal) DO UPDATE SET
    troubles = excluded.troubles, document = excluded.document, received = now(),
    settings_revision = excluded.settings_revision, settings_sha256 = excluded.settings_sha256,
    settings_refused = excluded.settings_refused, settings_why = excluded.settings_why,
    version = excluded.version, reconciled = excluded.reconciled, reconciled_agree = excluded.reconciled_agree,
    reconciled_differ = excluded.reconciled_differ, reconciled_not_asked = excluded.reconciled_not_asked,
    release_refused = excluded.release_refused, release_why = excluded.release_why
"""


Part = TypeVar("Part", bound=msgspec.Struct)


class _Settings(msgspec.Struct):
    revision: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)] = 0
    sha256: Annotated[str, msgspec.Meta(max_length=64)] = ""
    refused_revision: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)] = 0
    refused: Annotated[str, msgspec.Meta(max_length=500)] = ""


class _Release(msgspec.Struct):
    """What became of the version that it was asked to run."""

    refused_version: Annotated[str, msgspec.Meta(max_length=LONGEST_VERSION)] = ""
    refused: Annotated[str, msgspec.Meta(max_length=500)] = ""
    trouble: Annotated[str, msgspec.Meta(max_length=500)] = ""


_settings_ready = msgspec.json.Decoder(_Settings)
_release_ready = msgspec.json.Decoder(_Release)


def troubles_of(status: Mapping[str, object]) -> list[str]:
    """Words for what is wrong: network, register, keypad, journal, printer, attention."""
    found = [name.removesuffix("_ok") for name, well in WELL.items() if status.get(name, well) is not well]
    if status.get("printer") in PRINTER_TROUBLES:
        found.append("printer")
    if status.get("attention"):
        found.append("attention")
    return found


async def keep(connection: Connection, report: StatusReport) -> None:
    document = msgspec.json.encode(report.status).decode("utf-8", "replace").replace("\0", "")
    status = msgspec.json.decode(document)
    settings, release = _part_of(status, "settings", _Settings), _part_of(status, "release", _Release)
    version = status.get("version")
    version = _kept(version)[:LONGEST_VERSION] if isinstance(version, str) else ""
    told = (settings.revision, _kept(settings.sha256), settings.refused_revision, _kept(settings.refused))
    result = reconciled.told(status.get("reconciled"))
    counts = (result.agree, result.differ, result.not_asked) if result is not None else (0, 0, 0)
    values = (report.terminal, troubles_of(status), document[:LONGEST_BYTES], *told, version)
    why = _kept(release.refused_version), _kept(release.refused or release.trouble)
    await connection.execute(_KEEP, (*values, reconciled.kept_text(result), *counts, *why))


def _kept(text: str) -> str:
    """As a database can keep it."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def _part_of(status: Mapping[str, object], name: str, kind: type[Part]) -> Part:
    """Of an older version, or one that takes none: nothing."""
    try:
        return msgspec.convert(status.get(name) or {}, kind)
    except msgspec.ValidationError:
        return kind()
