"""Checks of the settings: the file, the secret key and what the shop should know about its choices."""

from __future__ import annotations

import stat

from terminal import __version__
from terminal.config.schema import PRODUCTION_HOST, Config, doubts_about, missing_for_run
from terminal.doctor.stored_key import closed_store, stored_key_path
from terminal.doctor.system import Finding, System, failed, ok, warning
from terminal.errors import TerminalError
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
        return ok("root; the service has a user of its own")
    return ok(f"user {system.user_id()}")


def missing_here(config: Config, system: System) -> list[str]:
    """What the terminal cannot run without, but for a key that only its service sees."""
    is_stored = stored_key_path(system) is not None or closed_store(system) is not None
    hidden = ("netgiro.secret_key:", "netgiro.application_id:" if config.netgiro.api == "v2" else "netgiro.secret_key:")
    return [one for one in missing_for_run(config) if not (is_stored and one.startswith(hidden))]


def check_configuration(config: Config, system: System) -> Finding:
    """Nothing that a sale needs is missing; then what is doubtful; then whether money is real."""
    # The secret has a check of its own.
    missing = [one for one in missing_here(config, system) if not one.startswith("netgiro.secret_key")]
    if missing:
        return failed("; ".join(missing), f"edit {config.path or 'the configuration file'}")
    if warnings := doubts_about(config):
        return warning("; ".join(warnings), "see the comments in config.toml")
    money = "real money" if config.netgiro.host == PRODUCTION_HOST else "no real money"
    return ok(f"{config.path or 'defaults'}, {config.netgiro.host}: {money}")


def check_secret_key(config: Config, system: System) -> Finding:
    """There is a key, and no other user of this machine can read it."""
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
    if (store := closed_store(system)) is not None:
        return warning(f"none is given here, and this user may not look into {store}", "try again with sudo")
    if (path := stored_key_path(system)) is not None:
        return ok(f"{path}, which only the service gets to read")
    return failed("there is none, so no call to Netgíró can be signed", "put it in: sudo netgiro-terminal secret set")
