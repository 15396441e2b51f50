"""A release: an archive with everything in it (systemd/bundle.sh), and the signature that makes it one of ours.

The signature is OpenSSH's (``ssh-keygen -Y sign``, ed25519): the tool is on every Raspberry Pi that one can log in to
and is looked after as few others are; a namespace binds a signature to its purpose; its file of trusted keys knows
several keys and dates of expiry, so a key can be changed. What is verified and unpacked is one private copy of the
archive, so nobody can exchange it in between.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from terminal.errors import TerminalError
from terminal.install.versions import OLDEST_RELEASE, parse_version

NAMESPACE = "netgiro-terminal-release"
LARGEST_ARCHIVE_BYTES = 256 * 1024 * 1024
LARGEST_CONTENT_BYTES = 1024 * 1024 * 1024
MOST_FILES = 20_000
LONGEST_WORDS_BYTES = 16 * 1024
COMMAND_DEADLINE_S = 60


class Manifest(msgspec.Struct, frozen=True):
    """What a release says of itself."""

    name: str
    version: str
    journal_schema: int
    oldest_release: str = OLDEST_RELEASE
    """What this release leaves no way back beyond."""


_manifest_decoder = msgspec.json.Decoder(Manifest)


class Release(msgspec.Struct, frozen=True):
    """A verified and unpacked release."""

    folder: Path
    manifest: Manifest
    signer: str


def open_release(archive: Path, signature: Path, keys: Path, work: Path) -> Release:
    """Verify a copy of the archive and unpack it into ``work``. Raises TerminalError if it is not ours."""
    try:
        if archive.stat().st_size > LARGEST_ARCHIVE_BYTES:
            raise TerminalError(f"{archive} is larger than any release; is it the right file?")
        copy = Path(shutil.copyfile(archive, work / "release.tar.gz"))
        signature_copy = Path(shutil.copyfile(signature, work / "release.tar.gz.sig"))
    except OSError as error:
        raise TerminalError(f"{error.filename}: {error.strerror}") from error
    signer = verify(copy, signature_copy, keys)
    folder = unpack(copy, work / "release")
    return Release(folder, _read_manifest(folder), signer)


class Contents(msgspec.Struct, frozen=True):
    """What an archive says of itself before anybody trusts it."""

    version: str
    machine: str
    """That it was made for, such as ``aarch64-python3.11``."""


def contents_of(archive: Path) -> Contents:
    """For whoever keeps it for others. Raises TerminalError."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for number, member in enumerate(tar):
                name = PurePosixPath(member.name).name
                if name in ("manifest.json", "MACHINE") and member.isfile() and member.name.count("/") == 1:
                    source = tar.extractfile(member)
                    assert source is not None, "a regular file has contents"
                    found[name] = source.read(LONGEST_WORDS_BYTES)
                if len(found) == 2 or number >= MOST_FILES:
                    break
    except (tarfile.TarError, OSError, EOFError) as error:
        raise TerminalError(f"{archive} cannot be read: {error}") from error
    try:
        manifest = _manifest_decoder.decode(found["manifest.json"])
        machine = "-".join(found["MACHINE"].decode("ascii").split())
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise TerminalError(f"{archive} is no archive that make bundle has made") from error
    parse_version(manifest.version)
    return Contents(manifest.version, machine)


def verify(archive: Path, signature: Path, keys: Path) -> str:
    """Who signed it. Raises TerminalError unless that is one of the keys, for this purpose, valid today."""
    if not keys.is_file():
        raise TerminalError(f"{keys} is missing, so no release can be trusted; install the terminal again")
    _refuse_if_others_may_write(keys)
    if not _trusted_lines(keys):
        raise TerminalError(f"no key is trusted yet: put the publisher's public key into {keys}")
    found = _ssh_keygen("find-principals", "-s", str(signature), "-f", str(keys))
    if found.returncode != 0 or not found.stdout.split():
        raise TerminalError(f"{archive.name} is not signed by any key in {keys}; nothing is changed")
    signer = found.stdout.split()[0]
    with archive.open("rb") as data:
        checked = _ssh_keygen("verify", "-f", str(keys), "-I", signer, "-n", NAMESPACE, "-s", str(signature), data=data)
    if checked.returncode != 0:
        reason = (checked.stderr or checked.stdout).strip().splitlines()
        raise TerminalError(
            f"the signature does not fit: {reason[-1] if reason else 'no reason given'}; nothing is changed"
        )
    return signer


def _refuse_if_others_may_write(keys: Path) -> None:
    """Whoever may write this file, or put another in its place, says whose programs run here."""
    real = keys.resolve()
    for path in (real, real.parent):
        status = path.stat()
        if status.st_uid not in (0, os.geteuid()) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise TerminalError(
                f"others than root may write {path}, so the keys in it prove nothing; look at what stands in {keys},"
                f" then: sudo chown root:root {path}; sudo chmod go-w {path}"
            )


def _trusted_lines(keys: Path) -> list[str]:
    lines = keys.read_text("utf-8", errors="replace").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _ssh_keygen(verb: str, *arguments: str, data: IO[bytes] | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["ssh-keygen", "-Y", verb, *arguments],
            stdin=data or subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMMAND_DEADLINE_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise TerminalError("ssh-keygen is needed to check signatures: apt-get install openssh-client") from error
    except subprocess.TimeoutExpired as error:
        raise TerminalError("ssh-keygen does not end") from error


def unpack(archive: Path, folder: Path) -> Path:
    """Files and folders below one top folder, nothing else; returns that. Raises TerminalError on anything else."""
    folder.mkdir()
    total_bytes = 0
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for number, member in enumerate(tar):
                total_bytes += member.size
                if number >= MOST_FILES or total_bytes > LARGEST_CONTENT_BYTES:
                    raise TerminalError("the archive holds more than any release")
                _unpack_member(tar, member, folder)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise TerminalError(f"the archive cannot be unpacked: {error}") from error
    tops = list(folder.iterdir())
    if len(tops) != 1 or not tops[0].is_dir():
        raise TerminalError("the archive is no release: it must hold one folder")
    return tops[0]


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """By hand, because the Python of Debian 12 has no extraction filter yet."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
        raise TerminalError(f"the archive is no release: {member.name!r} has no place in one")
    target = folder / path
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(member)
    assert source is not None, "a regular file has contents"
    with target.open("xb") as file:
        shutil.copyfileobj(source, file)
    target.chmod(0o755 if member.mode & 0o100 else 0o644)


def _read_manifest(folder: Path) -> Manifest:
    try:
        manifest = _manifest_decoder.decode((folder / "manifest.json").read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise TerminalError(f"the release's manifest cannot be read: {error}") from error
    if manifest.name != "netgiro-terminal":
        raise TerminalError(f"this is a release of {manifest.name}")
    for version in (manifest.version, manifest.oldest_release):
        parse_version(version)
    return manifest
