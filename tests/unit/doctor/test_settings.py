"""The doctor reads the configuration: what is missing, what is doubtful, and where the secret is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from hardware.settings import PrinterSettings
from terminal.config.schema import Config, NetgiroSettings, ShopSettings, doubts_about, read_config
from terminal.doctor import settings as settings_checks
from terminal.doctor.system import Grade, ok
from terminal.netgiro.sandbox import PUBLIC_APPLICATION_ID
from terminal.register.settings import RegisterSettings
from terminal.sale.gateway import CaptureMode
from terminal.sale.sensitive import Sensitive
from tests.doctor_machine import APPLICATION_ID, SECRET, config_with, machine_at, nobody_may, put
from tests.each import each_of

COMPLETE = config_with(
    netgiro=NetgiroSettings(application_id=APPLICATION_ID, secret_key=Sensitive(SECRET)),
    register=RegisterSettings(port="/dev/serial0"),
    printer=PrinterSettings(driver="none"),
    shop=ShopSettings(name="Búðin", kennitala="450401-3150"),
    secret_from="the environment variable NETGIRO_SECRET_KEY",
)


def test_complete_configuration_is_ok_and_says_whether_money_is_real(tmp_path: Path) -> None:
    netgiro = msgspec.structs.replace(COMPLETE.netgiro, base_url="https://api.netgiro.is/v1")
    in_production = msgspec.structs.replace(COMPLETE, netgiro=netgiro)

    assert [
        settings_checks.check_configuration(config, machine_at(tmp_path)) for config in (COMPLETE, in_production)
    ] == [ok("defaults, api.test.netgiro.is: no real money"), ok("defaults, api.netgiro.is: real money")]


def test_what_the_shop_must_fill_in_fails(tmp_path: Path) -> None:
    finding = settings_checks.check_configuration(Config(), machine_at(tmp_path))

    assert finding.status is Grade.FAILED
    assert "register.port" in finding.found


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"shop": ShopSettings()}, "shop.name"),
        ({"shop": ShopSettings(name="Búðin", kennitala="4504013151")}, "shop.kennitala"),
        ({"netgiro": {"confirmation": CaptureMode.AUTOMATIC}}, "netgiro.confirmation"),
        ({"netgiro": {"check_response_signature": "off"}}, "netgiro.check_response_signature"),
    ],
)
def test_doubtful_choices_are_warned_of(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    if isinstance(netgiro := changed.get("netgiro"), dict):
        changed = {"netgiro": msgspec.structs.replace(COMPLETE.netgiro, **netgiro)}
    finding = settings_checks.check_configuration(msgspec.structs.replace(COMPLETE, **changed), machine_at(tmp_path))

    assert finding.status is Grade.WARNING
    assert finding.found.startswith(key)


@each_of(
    ("confirmation", "api", "risk"),
    [
        (CaptureMode.AUTOMATIC, "v1", "may have paid a sale that the terminal cannot see"),
        (CaptureMode.AUTOMATIC, "v2", "may have paid a sale that the terminal cannot see"),
        (CaptureMode.SERVER_CALLBACK, "v1", "it cancels what the customer has accepted"),
        (CaptureMode.SERVER_CALLBACK, "v2", "signs nothing: the address is a secret"),
    ],
)
def test_every_confirmation_but_manual_says_its_risk(
    confirmation: CaptureMode, api: Literal["v1", "v2"], risk: str
) -> None:
    (doubt,) = doubts_about(Config(netgiro=NetgiroSettings(api=api, confirmation=confirmation), shop=COMPLETE.shop))
    assert risk in doubt


def test_a_missing_key_is_put_in_by_the_command_that_an_installed_terminal_has(tmp_path: Path) -> None:
    finding = settings_checks.check_secret_key(Config(), machine_at(tmp_path))
    assert finding.advice == "put it in: sudo netgiro-terminal secret set"
    assert any("secret set" in one for one in settings_checks.missing_here(Config(), machine_at(tmp_path)))


def test_automatic_payments_and_no_signatures_with_real_money_are_doubted_most(tmp_path: Path) -> None:
    netgiro = NetgiroSettings(
        base_url="https://api.netgiro.is/v1", confirmation=CaptureMode.AUTOMATIC, check_response_signature="off"
    )
    both = doubts_about(Config(netgiro=netgiro))
    assert any("nothing else would notice" in doubt for doubt in both)
    harmless = doubts_about(Config(netgiro=msgspec.structs.replace(netgiro, base_url="https://api.test.netgiro.is/v1")))
    assert not any("nothing else would notice" in doubt for doubt in harmless)
    assert len(harmless) == len(both)


def test_being_root_is_no_fault_of_the_terminals(tmp_path: Path) -> None:
    assert settings_checks.check_user(Config(), machine_at(tmp_path)).status is Grade.OK
    assert settings_checks.check_user(Config(), machine_at(tmp_path, user_id=lambda: 0)).status is Grade.OK


@pytest.mark.parametrize(("mode", "status"), [(0o600, Grade.OK), (0o644, Grade.WARNING), (0o640, Grade.WARNING)])
def test_a_secret_in_a_file_for_everybody_is_warned_of(tmp_path: Path, mode: int, status: Grade) -> None:
    path = put(tmp_path, "config.toml", f"[netgiro]\nsecret_key = '{SECRET}'")
    path.chmod(mode)

    assert settings_checks.check_secret_key(read_config(path, {})[0], machine_at(tmp_path)).status is status


def test_a_secret_elsewhere_is_ok_and_none_fails(tmp_path: Path) -> None:
    assert settings_checks.check_secret_key(COMPLETE, machine_at(tmp_path)).status is Grade.OK
    assert settings_checks.check_secret_key(Config(), machine_at(tmp_path)).status is Grade.FAILED


@pytest.mark.parametrize("folder", ["/etc/credstore", "/etc/credstore.encrypted"])
def test_a_credential_that_only_the_service_sees_is_not_called_missing(tmp_path: Path, folder: str) -> None:
    put(tmp_path, f"{folder}/netgiro-secret-key")
    finding = settings_checks.check_secret_key(Config(), machine_at(tmp_path))

    assert (finding.status, finding.advice) == (Grade.OK, "")
    missing = settings_checks.missing_here(Config(), machine_at(tmp_path))
    assert not any(one.startswith("netgiro.secret_key") for one in missing)
    assert any(one.startswith("register.port") for one in missing)
    unseen = settings_checks.check_secret_key(Config(), machine_at(tmp_path, may_use=nobody_may))
    assert (unseen.status, unseen.advice) == (Grade.WARNING, "try again with sudo")


def test_the_test_key_that_was_everybodys_is_named_as_withdrawn() -> None:
    shared: dict[str, Any] = {"application_id": PUBLIC_APPLICATION_ID, "secret_key": Sensitive("x")}
    doubts = doubts_about(Config(netgiro=NetgiroSettings(base_url="https://api.test.netgiro.is/v1", **shared)))
    assert any("partner.test.netgiro.is/Account/Register" in doubt for doubt in doubts)
    simulated = doubts_about(Config(netgiro=NetgiroSettings(base_url="http://127.0.0.1:8025/v1", **shared)))
    assert not any("withdrawn" in doubt for doubt in simulated)
