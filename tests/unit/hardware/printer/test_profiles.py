"""The profile against what is asked of it: each fault by its key, and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image

from hardware.printer.profiles import GOOD_PAGES, faults_of, known_profiles, logo_fault
from hardware.settings import PrinterSettings
from tests.each import each_of


@each_of(
    ("settings", "reference_qr", "expected"),
    [
        ({"profile": "ZJ-5871"}, False, 'printer.profile: python-escpos knows no "ZJ-5871"; near it are ZJ-5870'),
        ({"profile": "ZJ-5870", "columns": 32}, False, "printer.codepage: profile"),
        ({"profile": "ZJ-5870", "columns": 48, "codepage": "CP1252"}, False, "printer.columns: profile"),
        ({"profile": "TM-U220", "codepage": "raster"}, False, "printer.codepage: profile"),
        ({"profile": "TM-U220", "codepage": "CP850", "logo": "/x.png"}, False, "printer.logo: profile"),
        ({"profile": "TM-U220", "codepage": "CP850"}, True, "receipt.reference_qr: profile"),
        ({"profile": "simple"}, False, 'printer.codepage: profile "simple" has no CP858; take "raster"'),
    ],
)
def test_what_it_cannot_do_is_refused_with_the_remedy(settings: Any, reference_qr: bool, expected: str) -> None:
    faults = list(faults_of(PrinterSettings(**settings), reference_qr=reference_qr))
    assert any(fault.startswith(expected) for fault in faults), faults


@each_of("page", GOOD_PAGES)
def test_what_is_printed_as_a_rule_has_no_fault(page: Any) -> None:
    assert list(faults_of(PrinterSettings(codepage=page), reference_qr=True)) == []


def test_every_profile_is_judged_and_without_a_printer_none() -> None:
    for profile in known_profiles():
        list(faults_of(PrinterSettings(profile=profile), reference_qr=True))
    assert list(faults_of(PrinterSettings(driver="none", profile="?"))) == []


def test_a_logo_that_receipts_will_lack_is_named_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "logo.png"
    assert logo_fault("") is None
    assert "(No such file or directory)" in (logo_fault(str(path)) or "")
    path.write_bytes(b"x")
    assert "(no picture that can be read)" in (logo_fault(str(path)) or "")
    Image.new("1", (2001, 2000)).save(path)
    assert "(larger than 4 million pixels)" in (logo_fault(str(path)) or "")
    Image.new("1", (300, 100)).save(path)
    assert logo_fault(str(path)) is None


def test_asking_loads_no_python_escpos() -> None:
    code = "import sys, hardware.printer.profiles as p; p.known_profiles(); print('escpos' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
