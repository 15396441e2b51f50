"""The announcement that systemd/ ships for Avahi: the terminal's own port, and nothing secret."""

from __future__ import annotations

import xml.etree.ElementTree as xml
from pathlib import Path

from terminal.register.http.operations import OPERATIONS
from terminal.register.settings import HttpSettings

ANNOUNCEMENT = Path(__file__).parents[4] / "systemd" / "netgiro-terminal.avahi.xml"


def test_it_names_the_type_the_port_and_the_reference() -> None:
    (service,) = xml.parse(ANNOUNCEMENT).getroot().findall("service")
    said = {element.tag: element.text for element in service if element.tag != "txt-record"}
    assert said == {"type": "_netgiro-terminal._tcp", "port": HttpSettings().listen.rpartition(":")[2]}
    texts = dict((record.text or "").split("=") for record in service.findall("txt-record"))
    assert texts == {"path": "/openapi.json", "scheme": "https"}
    assert texts["path"] in {operation.path for operation in OPERATIONS}
