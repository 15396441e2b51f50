"""What a release is made of: locked by hashes, listed, and the same when it is built again."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.each import each_of
from tests.patience import at_most

ROOT = Path(__file__).parents[3]
LOCKS = [*sorted((ROOT / "systemd").glob("requirements*.lock")), ROOT / "tests/foreign/requirements.lock"]


@each_of("lock", LOCKS, ids=[f"{lock.parent.name}-{lock.name}" for lock in LOCKS])
def test_every_dependency_is_locked_by_version_and_hash(lock: Path) -> None:
    text = re.sub(r"\s*\\\n\s*", " ", lock.read_text("utf-8"))
    entries = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]

    assert entries
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[0-9][\w.]*( ; .*?)? --hash=sha256:[0-9a-f]{64}", entry), entry


def test_what_the_terminal_runs_is_what_was_tested() -> None:
    def versions(name: str) -> dict[str, str]:
        found = re.findall(r"^([a-z0-9-]+)==([\w.]+)", (ROOT / "systemd" / name).read_text("utf-8"), re.MULTILINE)
        return dict(found)

    shipped, tested = versions("requirements.lock"), versions("requirements-dev.lock")
    assert {name: version for name, version in shipped.items() if tested.get(name, version) != version} == {}


def test_whatever_pyproject_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert extras["dev"][0] == "netgiro-terminal[office]"
    for lock, wanted in {
        "requirements.lock": project["dependencies"],
        "requirements-dev.lock": [*project["dependencies"], *extras["office"], *extras["dev"][1:]],
    }.items():
        locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "systemd" / lock).read_text("utf-8"), re.MULTILINE))
        names = {re.split(r"[^A-Za-z0-9_.-]", one)[0].lower().replace("_", "-").replace(".", "-") for one in wanted}
        assert names <= locked, f"run make lock: {sorted(names - locked)}"


def test_the_development_environment_takes_nothing_that_is_not_locked() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (recipe,) = re.findall(r"^\$\(READY\):.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    installs = [line for line in recipe.splitlines() if "$(PIP)" in line]

    assert installs
    assert all("--require-hashes" in line or ("--no-deps" in line and "--no-index" in line) for line in installs)


def wheel(folder: Path, name: str, version: str, *lines: str) -> Path:
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        text = "\n".join([f"Name: {name}", f"Version: {version}", *lines, "", "About it."])
        archive.writestr(zipfile.ZipInfo(f"{name}-{version}.dist-info/METADATA"), text)
    return path


def bill(folder: Path) -> dict[str, Any]:
    script = ROOT / "systemd/sbom.py"
    command = [sys.executable, script, folder, "netgiro-terminal", "1.2.0"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=at_most(20))
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_the_bill_of_materials_names_every_wheel_with_hash_and_licence(tmp_path: Path) -> None:
    wheel(tmp_path, "netgiro_terminal", "1.2.0", "License-Expression: MIT")
    h11 = wheel(tmp_path, "h11", "0.16.0", "License: MIT")
    wheel(tmp_path, "Pillow", "12.0", "License: a whole\n  text", "Classifier: License :: OSI Approved :: HPND License")

    document = bill(tmp_path)

    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["purl"] == "pkg:pypi/netgiro-terminal@1.2.0"
    by_name = {one["name"]: one for one in document["components"]}
    assert set(by_name) == {"h11", "pillow"}
    assert by_name["h11"]["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(h11.read_bytes()).hexdigest()}]
    assert by_name["h11"]["licenses"] == [{"license": {"name": "MIT"}}]
    assert by_name["pillow"]["licenses"] == [{"license": {"name": "HPND License"}}]
    refs = {one["bom-ref"] for one in document["components"]}
    assert set(document["dependencies"][0]["dependsOn"]) == refs


def test_the_bill_of_the_same_wheels_is_the_same_and_of_others_another(tmp_path: Path) -> None:
    wheel(tmp_path, "netgiro_terminal", "1.2.0")
    wheel(tmp_path, "h11", "0.16.0")
    first = bill(tmp_path)
    assert bill(tmp_path) == first

    wheel(tmp_path, "h11", "0.16.0", "Classifier: Topic :: Exchanged")
    assert bill(tmp_path)["serialNumber"] != first["serialNumber"]


def build(source: Path, out: Path, umask: int) -> tuple[bytes, str]:
    """The archive, and what the script said."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("SOURCE_DATE_EPOCH", "SIGNING_KEY")
    }
    done = subprocess.run(
        ["sh", str(source / "systemd/bundle.sh"), str(out)],
        env=environment | {"TZ": "Pacific/Kiritimati" if umask else "UTC"},
        umask=umask,
        capture_output=True,
        text=True,
        timeout=at_most(600),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (archive,) = out.glob("*.tar.gz")
    return archive.read_bytes(), done.stdout


@pytest.mark.slow
def test_two_builds_of_the_bundle_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    copy = tmp_path / "somewhere/else"
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copyfile(ROOT / name, copy / name)  # modes and times are lost on the way, as in another checkout
            os.utime(copy / name, (1_600_000_000, 1_600_000_000))
            (copy / name).chmod((ROOT / name).stat().st_mode & 0o100 | 0o600)

    first, said = build(ROOT, tmp_path / "first", 0)
    second, _said = build(copy, tmp_path / "second", 0o077)

    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()
    (ready,) = re.findall("(?m)^ready from PyPI: (.*)$", said)
    (built,) = re.findall("(?m)^built here: (.*)$", said)
    assert "msgspec" in ready
    assert [one.split()[0] for one in built.split(", ")] == ["font-roboto", "netgiro-terminal"]
    with tarfile.open(fileobj=io.BytesIO(first)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        wheels = {name for name in names if name.startswith("wheels/")}
        (bill_of,) = [member for member in archive if member.name.endswith("/sbom.cdx.json")]
        (manifest,) = [member for member in archive if member.name.endswith("/manifest.json")]
        listed = json.load(archive.extractfile(bill_of))  # type: ignore[arg-type]
        said = json.load(archive.extractfile(manifest))  # type: ignore[arg-type]
    assert len(listed["components"]) + 1 == len(wheels)
    assert {"name", "version", "journal_schema", "oldest_release"} == set(said)
