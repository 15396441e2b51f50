#!/bin/sh
# Writes the lock files: every dependency with its version and the hash of every file that PyPI has of it, for all
# machines at once. Run by "make lock"; needs the network and uv (pip install uv).
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-uv}

lock() {
    target=$1; shift
    UV_CUSTOM_COMPILE_COMMAND="make lock" "$uv" pip compile --quiet --universal --python-version 3.11 \
        --generate-hashes --no-annotate --output-file "$target" "$@"
}

# What the terminal needs. Without spidev, because PyPI has it only as source: where it is needed, it comes from the
# distribution, see install.sh.
# From 6.0 on cbor2 is written in Rust, and PyPI does not have it built for armhf; before, it needs no compiler.
one=$(mktemp --suffix=.in)
trap 'rm -f "$one"' EXIT
echo "cbor2 < 6" >"$one"
lock systemd/requirements.lock pyproject.toml --constraints "$one" --extra pi --extra metrics --no-emit-package spidev
# What turns a checkout into something that can be installed.
grep -oE 'requires = \["setuptools[^"]*"' pyproject.toml | cut -d'"' -f2 >"$one"
lock systemd/requirements-build.lock "$one"
# What tests and checks need besides: a package that is exchanged there runs on the machine that signs releases.
lock systemd/requirements-dev.lock pyproject.toml --constraints systemd/requirements.lock --extra dev
# Foreign registers' drivers, which make test-all plays against the terminal in an environment of their own.
lock tests/foreign/requirements.lock tests/foreign/requirements.in
