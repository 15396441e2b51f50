"""Whether a printer's profile can do what is asked of it, by python-escpos' table, without loading python-escpos."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from hardware.settings import PrinterSettings

RASTER = "raster"
GOOD_PAGES = ("CP858", "CP1252", "ISO_8859-15", "CP850", "CP861")
"""With every Icelandic letter, the best first."""
DOTS_PER_COLUMN = 12
NARROWEST_DOTS = 288
"""24 columns; a profile that tells of less does not mean dots."""
TEST = "netgiro-terminal printer-test shows which is right"


def faults_of(printer: PrinterSettings, *, reference_qr: bool = False) -> Iterator[str]:
    """What the profile cannot do, the key first, and what to do. ``reference_qr``: receipts have a QR code."""
    if printer.driver == "none":
        return
    profiles = known_profiles()
    profile = profiles.get(printer.profile)
    if profile is None:
        import difflib  # noqa: PLC0415  only where something is wrong

        near = difflib.get_close_matches(printer.profile, profiles, n=3, cutoff=0.4)
        names = f"; near it are {', '.join(near)}" if near else ""
        yield f'printer.profile: python-escpos knows no "{printer.profile}"{names}; "default" fits most printers'
        return
    pages = set(profile.get("codePages", {}).values())
    if printer.codepage not in (RASTER, *pages):
        usable = [page for page in GOOD_PAGES if page in pages] or [RASTER]
        others = " or ".join(f'"{page}"' for page in usable)
        yield f'printer.codepage: profile "{printer.profile}" has no {printer.codepage}; take {others}: {TEST}'
    if not profile.get("features", {}).get("bitImageRaster", True):
        yield from _without_pictures(printer, reference_qr)
    dots = profile.get("media", {}).get("width", {}).get("pixels")
    if isinstance(dots, int) and NARROWEST_DOTS <= dots < printer.columns * DOTS_PER_COLUMN:
        most = dots // DOTS_PER_COLUMN
        yield f'printer.columns: profile "{printer.profile}" prints {most} on a line; take {most}'


def logo_fault(path: str) -> str | None:
    """The logo is left out if it cannot be read; a receipt never waits for it."""
    if not path:
        return None
    from hardware.printer.raster import logo_picture  # noqa: PLC0415  loads Pillow

    try:
        logo_picture(path, 48)
    except OSError as error:
        why = error.strerror or str(error)
        return f"printer.logo: {path} cannot be used ({why}), so receipts have none: put a PNG there, or leave it empty"
    return None


def _without_pictures(printer: PrinterSettings, reference_qr: bool) -> Iterator[str]:
    why = f'profile "{printer.profile}" prints no pictures'
    if printer.codepage == RASTER:
        yield f"printer.codepage: {why}, so it cannot be raster: take a code page ({TEST})"
    if printer.logo:
        yield f"printer.logo: {why}: leave it empty"
    if reference_qr:
        yield f"receipt.reference_qr: {why}: set it to false"


@lru_cache(maxsize=1)
def known_profiles() -> Mapping[str, Any]:
    """By name; empty, so that every profile is unknown, only if python-escpos is not installed."""
    found = importlib.util.find_spec("escpos")
    if found is None or not found.submodule_search_locations:
        return {}
    table = Path(found.submodule_search_locations[0]) / "capabilities.json"
    profiles: Mapping[str, Any] = json.loads(table.read_bytes())["profiles"]
    return profiles
