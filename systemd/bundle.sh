#!/bin/sh
# Packs the terminal with all it depends on, for machines like this one (same processor, same Python):
#
#   artefacts/netgiro-terminal-VERSION-MACHINE.tar.gz    unpack it anywhere and run systemd/install.sh install, offline;
#                                                        or hand it to "netgiro-terminal upgrade"
#   artefacts/....tar.gz.sig                             its signature, if SIGNING_KEY names an ssh key (ed25519)
#
# What PyPI has only as source is built here, so the target needs no compiler; it says what that was. Twice the same
# sources on the same kind of machine make twice the same archive, byte for byte: whoever doubts a release builds it
# again. In it stands sbom.cdx.json, what it is made of (CycloneDX).
set -eu
umask 022
# The first second that a zip file can hold, so that no clock gets into the archive.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800}
PYTHONHASHSEED=0
LC_ALL=C.UTF-8
export SOURCE_DATE_EPOCH PYTHONHASHSEED LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$here")
out=${1:-$source/artefacts}
PYTHON=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$PYTHON" -m venv "$work/build"
python=$work/build/bin/python
pip() { "$python" -m pip "$@" --quiet --disable-pip-version-check; }
pip install --require-hashes -r "$here/requirements-build.lock"

mkdir "$work/source"
for part in pyproject.toml README.md LICENSE terminal hardware; do
    [ ! -e "$source/$part" ] || cp -R "$source/$part" "$work/source/"
done
find "$work/source" -name __pycache__ -prune -exec rm -rf {} +
chmod -R u=rwX,go=rX "$work/source"
wheels=$work/wheels
pip wheel --no-deps --no-build-isolation --no-index --wheel-dir "$wheels" "$work/source"
# On armhf some sources ask for more than the locked setuptools to be built with; see install.sh.
case "$("$python" "$here/machine.py")" in
    armhf*) isolation= ;;
    *) isolation=--no-build-isolation ;;
esac
pip wheel ${isolation:+"$isolation"} --use-pep517 --require-hashes --wheel-dir "$wheels" -r "$here/requirements.lock"

version=$(find "$wheels" -name 'netgiro_terminal-*.whl' | sed 's|.*/netgiro_terminal-\([^-]*\)-.*|\1|')
machine=$("$python" "$here/machine.py")
bundle=netgiro-terminal-$version-$(echo "$machine" | tr ' ' '-')
top=$work/$bundle
mkdir -p "$top/systemd" "$out"
mv "$wheels" "$top/wheels"
cp "$source/config.toml" "$source/pyproject.toml" "$source/LICENSE" "$top/"
cp -R "$here/." "$top/systemd/"
rm -rf "$top/systemd/__pycache__"
echo "$machine" >"$top/MACHINE"
"$python" - "$top" "$version" <<'PYTHON'
"""The lock of the bundle: every wheel in it by version and hash; and the manifest that an upgrade reads first."""
import hashlib, json, re, sys
from pathlib import Path

top, version = Path(sys.argv[1]), sys.argv[2]
of_pypi = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", (top / "systemd/requirements.lock").read_text("utf-8")))
lines, ready, built = [], [], []
for wheel in sorted((top / "wheels").glob("*.whl")):
    name, number = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lines.append(f"{name.replace('_', '-')}=={number} --hash=sha256:{digest}")
    (ready if digest in of_pypi else built).append(f"{name.replace('_', '-')} {number}")
(top / "requirements.lock").write_text("\n".join(lines) + "\n")
source = top.parent / "source" / "terminal"


def constant(module, form):
    (found,) = re.findall(form, (source / module).read_text("utf-8"), re.MULTILINE)
    return found


manifest = {
    "name": "netgiro-terminal",
    "version": version,
    "journal_schema": int(constant("journal/schema.py", r"^SCHEMA_VERSION = (\d+)$")),
    "oldest_release": constant("install/versions.py", r'^OLDEST_RELEASE = "(.*)"$'),
}
(top / "manifest.json").write_text(json.dumps(manifest) + "\n")
print("for", (top / "MACHINE").read_text().strip())
print("ready from PyPI:", ", ".join(ready))
print("built here:", ", ".join(built))
PYTHON

"$python" "$here/sbom.py" "$top/wheels" netgiro-terminal "$version" >"$top/sbom.cdx.json"

archive=$out/$bundle.tar.gz
tar -C "$work" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
    --mtime="@$SOURCE_DATE_EPOCH" -cf - "$bundle" | gzip -9n >"$archive"
if [ -n "${SIGNING_KEY:-}" ]; then
    rm -f "$archive.sig"
    ssh-keygen -q -Y sign -f "$SIGNING_KEY" -n netgiro-terminal-release "$archive"
fi
echo "$archive"
