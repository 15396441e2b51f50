"""Only archives that a trusted key has signed for this purpose are opened, and only if they hold what releases hold."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from terminal.errors import TerminalError
from terminal.install.release import NAMESPACE, open_release, unpack

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen: apt-get install openssh-client")
MANIFEST = {"name": "netgiro-terminal", "version": "1.2.3", "journal_schema": 1}


class Publisher:
    """Somebody with a key."""

    def __init__(self, folder: Path, name: str) -> None:
        self.key = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self.key], check=True)
        self.public = self.key.with_suffix(".pub").read_text().strip()

    def sign(self, archive: Path, namespace: str = NAMESPACE) -> Path:
        signature = archive.with_name(archive.name + ".sig")
        signature.unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", self.key, "-n", namespace, archive], check=True)
        return signature


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    return Publisher(tmp_path_factory.mktemp("keys"), "ours")


@pytest.fixture
def keys(tmp_path: Path, publisher: Publisher) -> Path:
    path = tmp_path / "release-keys"
    path.write_text(f'# trusted\nrelease@example.is namespaces="{NAMESPACE}" {publisher.public}\n')
    return path


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def pack(path: Path, *members: tarfile.TarInfo, manifest: dict[str, object] | bytes = MANIFEST) -> Path:  # type: ignore[assignment]
    data = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    with tarfile.open(path, "w:gz") as tar:
        entry = tarfile.TarInfo("netgiro-terminal-1.2.3/manifest.json")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = kind, link, mode
    return entry


def test_a_signed_release_is_opened(tmp_path: Path, publisher: Publisher, keys: Path, work: Path) -> None:
    archive = pack(tmp_path / "r.tar.gz", member("netgiro-terminal-1.2.3/run.sh", mode=0o755))

    release = open_release(archive, publisher.sign(archive), keys, work)

    assert (release.manifest.version, release.signer) == ("1.2.3", "release@example.is")
    assert (release.folder / "run.sh").stat().st_mode & 0o777 == 0o755


def test_a_changed_archive_is_refused(tmp_path: Path, publisher: Publisher, keys: Path, work: Path) -> None:
    archive = pack(tmp_path / "r.tar.gz")
    signature = publisher.sign(archive)
    archive.write_bytes(archive.read_bytes() + b"\0")

    with pytest.raises(TerminalError, match=r"does not fit.*nothing is changed"):
        open_release(archive, signature, keys, work)


def test_somebody_elses_signature_is_refused(tmp_path: Path, keys: Path, work: Path) -> None:
    archive = pack(tmp_path / "r.tar.gz")

    with pytest.raises(TerminalError, match="not signed by any key"):
        open_release(archive, Publisher(tmp_path, "stranger").sign(archive), keys, work)


def test_a_signature_for_another_purpose_is_refused(
    tmp_path: Path, publisher: Publisher, keys: Path, work: Path
) -> None:
    archive = pack(tmp_path / "r.tar.gz")

    with pytest.raises(TerminalError, match="nothing is changed"):
        open_release(archive, publisher.sign(archive, namespace="git"), keys, work)


def test_a_key_that_has_expired_is_refused(tmp_path: Path, publisher: Publisher, keys: Path, work: Path) -> None:
    archive = pack(tmp_path / "r.tar.gz")
    keys.write_text(f'release@example.is namespaces="{NAMESPACE}",valid-before="20200101" {publisher.public}\n')

    with pytest.raises(TerminalError, match="nothing is changed"):
        open_release(archive, publisher.sign(archive), keys, work)


def test_as_shipped_no_key_is_trusted(tmp_path: Path, publisher: Publisher, work: Path) -> None:
    archive = pack(tmp_path / "r.tar.gz")
    shipped = Path(__file__).parents[3] / "systemd/release-keys"

    with pytest.raises(TerminalError, match="no key is trusted yet"):
        open_release(archive, publisher.sign(archive), shipped, work)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_keys_that_others_may_write_are_refused(
    tmp_path: Path, publisher: Publisher, keys: Path, work: Path, mode: int
) -> None:
    archive = pack(tmp_path / "r.tar.gz")
    keys.chmod(mode)

    with pytest.raises(TerminalError, match="others than root may write"):
        open_release(archive, publisher.sign(archive), keys, work)


def test_keys_in_a_folder_that_others_may_write_are_refused(
    tmp_path: Path, publisher: Publisher, keys: Path, work: Path
) -> None:
    archive = pack(tmp_path / "r.tar.gz")
    link = tmp_path / "link"
    link.symlink_to(keys)
    tmp_path.chmod(0o777)

    with pytest.raises(TerminalError, match="others than root may write"):
        open_release(archive, publisher.sign(archive), link, work)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_keys_of_somebody_else_are_refused(tmp_path: Path, publisher: Publisher, keys: Path, work: Path) -> None:
    archive = pack(tmp_path / "r.tar.gz")
    os.chown(keys, 12345, 12345)

    with pytest.raises(TerminalError, match="others than root may write"):
        open_release(archive, publisher.sign(archive), keys, work)


def test_a_missing_signature_is_told_by_name(tmp_path: Path, keys: Path, work: Path) -> None:
    archive = pack(tmp_path / "r.tar.gz")

    with pytest.raises(TerminalError, match=r"r\.tar\.gz\.sig: No such file"):
        open_release(archive, tmp_path / "r.tar.gz.sig", keys, work)


@pytest.mark.parametrize("manifest", [b"", b"{}", b"[1]", b'{"name": "other", "version": "1", "journal_schema": 1}'])
def test_a_manifest_that_is_not_ours_is_refused(
    tmp_path: Path, publisher: Publisher, keys: Path, work: Path, manifest: bytes
) -> None:
    archive = pack(tmp_path / "r.tar.gz", manifest=manifest)

    with pytest.raises(TerminalError, match=r"manifest|release of other"):
        open_release(archive, publisher.sign(archive), keys, work)


@pytest.mark.parametrize(
    "evil",
    [
        member("/etc/passwd"),
        member("netgiro-terminal-1.2.3/../../out"),
        member("netgiro-terminal-1.2.3/link", tarfile.SYMTYPE, "/etc"),
        member("netgiro-terminal-1.2.3/link", tarfile.LNKTYPE, "/etc/passwd"),
        member("netgiro-terminal-1.2.3/device", tarfile.CHRTYPE),
        member("netgiro-terminal-1.2.3/pipe", tarfile.FIFOTYPE),
        member("another-folder/file"),
        member("netgiro-terminal-1.2.3/manifest.json"),
    ],
    ids=lambda entry: f"{entry.name}-{entry.type.decode()}",
)
def test_what_has_no_place_in_a_release_is_not_unpacked(tmp_path: Path, evil: tarfile.TarInfo) -> None:
    archive = pack(tmp_path / "r.tar.gz", evil)

    with pytest.raises(TerminalError):
        unpack(archive, tmp_path / "inside")

    assert not (tmp_path / "out").exists()
    assert not any(path.is_symlink() or path.is_fifo() for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("data", [b"", b"not an archive", b"\x1f\x8b\x08" + b"\0" * 100])
def test_no_bytes_break_it(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "r.tar.gz").write_bytes(data)

    with pytest.raises(TerminalError):
        unpack(tmp_path / "r.tar.gz", tmp_path / "inside")
