"""Nothing secret gets into a support bundle, wherever it stands on the machine."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from terminal.errors import TerminalError
from terminal.install import support_bundle
from terminal.install.support_bundle import PARTS, Part, masked, write_bundle
from terminal.journal.thread import JournalFile
from terminal.sale.customer import CustomerKind
from terminal.sale.record import Record
from terminal.sale.sale import Reason, Sale, State
from terminal.sale.sensitive import Sensitive
from tests.integration.counter import write_config

KEY = "Th1s1sTheSecretKey0fTheBundleTests+/x9Qm3Zk7Vb2Nw8Lr4Yp6Tg5Hs1Jd0Fc=="
SHORT_KEY = "hunter-two"
PEOPLE = {"kennitala": "1111111119", "dashed": "111111-1119", "phone": "8223281", "app code": "5000041234"}


@pytest.fixture
def config_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A terminal with a sale in its journal and a log full of what must not be there."""
    with JournalFile(tmp_path / "journal.db", lambda: "2026-11-23T15:00:30.000Z") as journal:
        journal.open()
        sale = Sale(
            number=1,
            reference="T1-000001-ABCDEF",
            register_id=f"kt {PEOPLE['dashed']}",
            amount_kr=1990,
            created="2026-11-23T15:00:00.000Z",
            state=State.CLOSED,
            reason=Reason.PAID,
            customer_kind=CustomerKind.PHONE,
            customer_label="••• ••81",
        )
        journal.append(Record("ResultAcknowledged", sale))
    settings = {
        "netgiro": {"base_url": "http://127.0.0.1:9/v1", "application_id": "A-1", "secret_key": KEY},
        "journal": {"path": str(tmp_path / "journal.db")},
        "keypad": {"driver": "simulated"},
        "display": {"driver": "none"},
        "printer": {"driver": "none"},
    }
    write_config(tmp_path / "config.toml", settings)  # type: ignore[arg-type]
    log = Part("log.txt", lambda *_: "\n".join([f"sent {KEY}", *(f"a {what}: {who}" for what, who in PEOPLE.items())]))
    monkeypatch.setattr(support_bundle, "PARTS", tuple(log if part.name == "log.txt" else part for part in PARTS))
    return tmp_path / "config.toml"


def contents(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        files = {Path(entry.name).name: archive.extractfile(entry) for entry in archive.getmembers()}
        return {name: file.read().decode() for name, file in files.items() if file is not None}


def test_no_secret_and_no_customer_is_in_any_file(config_path: Path, tmp_path: Path) -> None:
    write_bundle(config_path, tmp_path / "bundle.tar.gz")

    files = contents(tmp_path / "bundle.tar.gz")
    found = {name: what for name, text in files.items() for what in [KEY, *PEOPLE.values()] if what in text}
    assert found == {}
    assert files["log.txt"].splitlines() == ["sent ***", *(f"a {what}: ***" for what in PEOPLE)]


def test_what_a_helper_needs_is_there(config_path: Path, tmp_path: Path) -> None:
    names = write_bundle(config_path, tmp_path / "bundle.tar.gz")

    files = contents(tmp_path / "bundle.tar.gz")
    assert list(files) == names
    assert 'secret_key = "********"' in files["config.toml"]
    assert "network: " in files["doctor.txt"]
    assert json.loads(files["journal.jsonl"])["reference"] == "T1-000001-ABCDEF"
    assert {"netgiro-terminal", "python", "httpx"} <= set(json.loads(files["versions.json"]))
    assert files["status.json"].startswith("not available: NotRunning")


def test_a_key_of_an_unusual_shape_is_masked_by_its_own_text() -> None:
    assert masked(f"the key is {SHORT_KEY}.", Sensitive(SHORT_KEY)) == "the key is ***.\n"


def test_a_number_that_a_line_end_breaks_is_masked_too() -> None:
    text = "kort 4111 1111\n     1111 1111\nsími ８２２３２８１\nkt. 111111-\r\n1119\nSAMTALS 1.990\n"
    assert masked(text, Sensitive("")) == "kort ***\nsími ***\nkt. ***\nSAMTALS 1.990\n"


def test_the_bundle_belongs_to_its_owner_and_writes_over_nothing(config_path: Path, tmp_path: Path) -> None:
    target = tmp_path / "bundle.tar.gz"
    write_bundle(config_path, target)

    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(TerminalError, match="File exists"):
        write_bundle(config_path, target)


def test_a_broken_configuration_is_bundled_with_its_problems(config_path: Path, tmp_path: Path) -> None:
    config_path.write_text(f"[netgiro]\nsecret_key = {KEY}\n")

    write_bundle(config_path, tmp_path / "bundle.tar.gz")

    files = contents(tmp_path / "bundle.tar.gz")
    assert "# problem: " in files["config.toml"]
    assert not any(KEY in text for text in files.values())
