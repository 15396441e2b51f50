"""Prints what a bundle is made of, as a CycloneDX 1.6 document: every package with version, hash and licence.

    python3 systemd/sbom.py FOLDER_OF_WHEELS NAME VERSION

For whoever must know whether a hole in some library concerns them. It is read off the very wheels that a terminal gets,
and says the same each time it is read off the same wheels.
"""

import hashlib
import json
import os
import sys
import uuid
import zipfile
from datetime import UTC, datetime
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

NAMESPACE = uuid.UUID("6f6d0f8e-6d8c-5c0e-9f6e-6e657467c3ad")
"""Ours, for serial numbers that follow from the contents."""


def main(wheels: Path, name: str, version: str) -> None:
    components = [component(wheel) for wheel in sorted(wheels.glob("*.whl"))]
    own = [one for one in components if one["name"] == name]
    others = [one for one in components if one["name"] != name]
    root = own[0] if own else {"type": "application", "name": name, "version": version, "bom-ref": f"{name}@{version}"}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": built_at(), "component": root | {"type": "application"}},
        "components": others,
        "dependencies": [{"ref": root["bom-ref"], "dependsOn": [one["bom-ref"] for one in others]}],
    }
    contents = json.dumps(document, sort_keys=True)
    document["serialNumber"] = f"urn:uuid:{uuid.uuid5(NAMESPACE, contents)}"
    print(json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True))


def component(wheel: Path) -> dict[str, object]:
    """One package, as its own METADATA has it."""
    with zipfile.ZipFile(wheel) as archive:
        (path,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1]
        metadata = HeaderParser().parsestr(archive.read(path).decode("utf-8", "replace"))
    name, version = metadata["Name"].lower().replace("_", "-").replace(".", "-"), metadata["Version"]
    found = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "purl": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
        "properties": [{"name": "netgiro-terminal:file", "value": wheel.name}],
    }
    licence = licence_of(metadata)
    return found | ({"licenses": [licence]} if licence else {})


def licence_of(metadata: Message) -> dict[str, object]:
    """As the package says it: an expression, else a name; a whole text that stands there is no name."""
    if expression := metadata["License-Expression"]:
        return {"expression": expression}
    named = (metadata["License"] or "").strip()
    classifiers = [
        line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier", []) if line.startswith("License")
    ]
    name = named if named and "\n" not in named and len(named) < 80 else ", ".join(classifiers)
    return {"license": {"name": name}} if name else {}


def built_at() -> str:
    return datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "315532800")), UTC).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
