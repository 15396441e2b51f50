"""Checks of the settings: the file, the secret key and what the shop should know about its choices."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from terminal import __version__
from terminal.config.schema import PRODUCTION_HOST, Config, missing_for_run
from terminal.config.secret_key import CREDENTIAL, VARIABLE
from terminal.doctor.system import Finding, System, failed, ok, warning
from terminal.errors import TerminalError
from terminal.sale.gateway import CaptureMode
from terminal.system.shipped import shipped_file

FINGERPRINT_SHOWN = 12


def check_version(_config: Config, _system: System) -> Finding:
    """What runs, and the hash of what it was installed from: the same for the same files."""
    try:
        fingerprint = shipped_file("FINGERPRINT").read_text("ascii").strip()[:FINGERPRINT_SHOWN]
    except (TerminalError, OSError, ValueError):
        return ok(f"{__version__}, from a checkout")
    return ok(f"{__version__}, {fingerprint}")


def check_user(_config: Config, system: System) -> Finding:
    if system.user_id() == 0:
        return warning("running as root, to whom every device and file is open", "run it as the terminal's own user")
    return ok(f"user {system.user_id()}")


def check_configuration(config: Config, _system: System) -> Finding:
    # The secret has a check of its own.
    missing = [sentence for sentence in missing_for_run(config) if not sentence.startswith("netgiro.secret_key")]
    if missing:
        return failed("; ".join(missing), f"edit {config.path or 'the configuration file'}")
    if warnings := list(_doubts(config)):
        return warning("; ".join(warnings), "see the comments in config.toml")
    money = "real money" if config.netgiro.host == PRODUCTION_HOST else "no real money"
    return ok(f"{config.path or 'defaults'}, {config.netgiro.host}: {money}")


def _doubts(config: Config) -> Iterator[str]:
    if config.netgiro.confirmation is not CaptureMode.MANUAL:
        yield (
            f'netgiro.confirmation = "{config.netgiro.confirmation}": if an answer is lost, a customer may have paid'
            " a sale that the terminal cannot see"
        )
    if config.netgiro.check_response_signature == "off":
        yield (
            'netgiro.check_response_signature = "off": whoever can answer in Netgíró\'s place can say "paid" of a sale'
            " that nobody has paid"
        )
    if not config.shop.name:
        yield "shop.name: empty, so receipts do not say whose they are"
    if number := config.shop.kennitala:
        from stdnum.is_ import kennitala  # noqa: PLC0415  34 ms: only if there is one

        if not kennitala.is_valid(number):
            yield "shop.kennitala: its check digit or date is wrong"


CREDENTIAL_STORES = {"/etc/credstore.encrypted": "LoadCredentialEncrypted", "/etc/credstore": "LoadCredential"}
"""Where systemd keeps credentials for services, and the setting that hands one over: systemd.exec(5)."""


def check_secret_key(config: Config, system: System) -> Finding:
    if config.netgiro.api == "v2" and config.netgiro.application_id:
        return ok("V2 needs none: netgiro.application_id is the key")
    if not config.netgiro.secret_key:
        return _no_secret_key(system)
    if config.path is not None and config.secret_from.startswith("netgiro.secret_key"):
        mode = config.path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            return warning(
                f"it stands in {config.path}, which others on this machine may use",
                f"move it to a systemd credential or to netgiro.secret_key_file, or run: chmod 600 {config.path}",
            )
    return ok(f"from {config.secret_from}")


def _no_secret_key(system: System) -> Finding:
    """A systemd credential shows only inside the service, so from outside only its file can be found."""
    for folder, setting in CREDENTIAL_STORES.items():
        path = f"{folder}/{CREDENTIAL}"
        if not system.may_use(system.path(folder), os.X_OK) and system.path(folder).is_dir():
            return warning(f"none is given here, and this user may not look into {folder}", "try again with sudo")
        if system.path(path).exists():
            return warning(
                f"{path} is there, but only the service gets to read it",
                f"to check it too: sudo systemd-run --pipe --wait -p {setting}={CREDENTIAL}:{path} <this command>",
            )
    return failed(
        "there is none, so no call to Netgíró can be signed",
        f"keep it as the systemd credential {CREDENTIAL}, in {VARIABLE} or in netgiro.secret_key_file",
    )
