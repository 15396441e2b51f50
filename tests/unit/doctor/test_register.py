"""What the doctor makes of a register's silence: nothing of a quiet day, something of a line that was never heard."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

import pytest

from hardware.interfaces import LineSignals
from terminal.config.schema import Config, JournalSettings
from terminal.doctor.register import LONG_SILENT_S, NEVER_HEARD_S, NO_PROGRAMS, check_programs, check_register
from terminal.doctor.status import RegisterLine, Wear
from terminal.doctor.system import Finding, Grade, System, ok
from terminal.register.settings import CERTIFICATE_FILE, HttpSettings, RegisterSettings

PORT = RegisterSettings(port="/dev/ttyUSB0")
HOUR_S = 3600.0


def found(line: RegisterLine | None, register: RegisterSettings = PORT) -> Finding:
    wear = Wear(register=line) if line is not None else None
    return check_register(Config(register=register), System(root=Path("/nowhere"), wear=lambda _config: wear))


def test_without_a_running_terminal_nobody_knows() -> None:
    assert found(None) == ok("no terminal runs that would hear it")


def test_a_register_that_was_not_used_yet_is_no_fault() -> None:
    assert found(RegisterLine(silent_s=90)) == ok("no byte since the terminal was started 1 min 30 s ago")


def test_a_register_that_was_never_heard_is_told_with_what_to_look_at() -> None:
    finding = found(RegisterLine(silent_s=NEVER_HEARD_S))
    assert finding.status is Grade.WARNING
    assert finding.found == "no byte since the terminal was started 10 min 0 s ago"
    for what in ("TXD and RXD crossed", "ground", "baud rate", "netgiro-terminal listen --port /dev/ttyUSB0"):
        assert what in finding.advice


@pytest.mark.parametrize("silent_s", [1, HOUR_S, 62 * HOUR_S])
def test_a_quiet_hour_or_weekend_of_one_that_has_spoken_is_no_fault(silent_s: float) -> None:
    assert found(RegisterLine(heard_bytes=42, silent_s=silent_s)).status is Grade.OK


def test_one_that_used_to_speak_and_has_not_for_days_is_told() -> None:
    finding = found(RegisterLine(heard_bytes=42, silent_s=LONG_SILENT_S + 7200))
    assert (finding.status, finding.found) == (
        Grade.WARNING,
        "42 bytes since the start, the last 3 d 2 h ago",
    )


def test_a_register_that_holds_us_back_is_told_where_flow_control_is_set_and_only_there() -> None:
    off, on = (LineSignals(cts=cts, dsr=False, dcd=False) for cts in (False, True))
    with_flow_control = RegisterSettings(port="/dev/ttyUSB0", rtscts=True)
    assert found(RegisterLine(heard_bytes=42, signals=off)).status is Grade.OK, "three wires: the others mean nothing"
    assert found(RegisterLine(heard_bytes=42, signals=on), with_flow_control).status is Grade.OK
    finding = found(RegisterLine(heard_bytes=42, signals=off), with_flow_control)
    assert finding.status is Grade.WARNING
    assert "its CTS is off" in finding.found
    assert "register.rtscts = false" in finding.advice


def test_control_lines_that_are_on_are_told_because_something_must_be_plugged_in() -> None:
    signals = LineSignals(cts=True, dsr=False, dcd=True)
    assert found(RegisterLine(heard_bytes=42, silent_s=5, signals=signals)).found.endswith("; CTS, DCD on")


def test_a_line_that_is_only_ever_held_low_is_told_but_not_a_register_that_was_switched_off_and_on() -> None:
    signals = LineSignals(cts=False, dsr=False, dcd=False, breaks=3)
    finding = found(RegisterLine(heard_bytes=3, silent_s=5, signals=signals))
    assert finding.status is Grade.WARNING
    assert "held low 3 times" in finding.found
    assert found(RegisterLine(heard_bytes=42, silent_s=5, signals=signals)).status is Grade.OK


# --- programs on the network ------------------------------------------------------------------------------------------


def programs_at(listen: str, folder: Path) -> Finding:
    config = Config(
        register=RegisterSettings(protocol="http"),
        http=HttpSettings(listen=listen),
        journal=JournalSettings(path=str(folder / "journal.db")),
    )
    return check_programs(config, System(root=Path("/nowhere")))


def test_where_no_program_may_call_there_is_nothing_to_say() -> None:
    assert check_programs(Config(), System(root=Path("/nowhere"))) == ok(NO_PROGRAMS)


def test_programs_of_this_machine_need_no_certificate(tmp_path: Path) -> None:
    assert programs_at("127.0.0.1:8026", tmp_path) == ok("call 127.0.0.1:8026, on this machine only, in plain text")


def test_the_certificate_is_told_by_its_sha_256(tmp_path: Path) -> None:
    missing = programs_at("192.168.1.20:8026", tmp_path)
    assert missing.status is Grade.WARNING
    pem = ssl.DER_cert_to_PEM_cert(b"\x30\x00")
    (tmp_path / CERTIFICATE_FILE).write_text(pem)
    sha256 = hashlib.sha256(b"\x30\x00").hexdigest()
    assert programs_at("192.168.1.20:8026", tmp_path) == ok(
        f"call 192.168.1.20:8026; the certificate's SHA-256 is {sha256}"
    )


def test_a_program_that_is_switched_off_is_no_fault() -> None:
    finding = found(RegisterLine(silent_s=2 * LONG_SILENT_S), RegisterSettings(protocol="http"))
    assert finding.status is Grade.OK
