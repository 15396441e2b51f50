#!/bin/sh
# Brings one commit of a public repository into tests/foreign/checkouts: sh checkout.sh OWNER/NAME COMMIT
set -eu
folder="$(dirname "$0")/checkouts/${1#*/}"
if [ "$(git -C "$folder" rev-parse HEAD 2>/dev/null)" = "$2" ]; then
    exit
fi
rm -rf "$folder"
git init --quiet "$folder"
if ! GIT_TERMINAL_PROMPT=0 timeout 60 git -C "$folder" fetch --quiet --depth 1 "https://github.com/$1" "$2"; then
    rm -rf "$folder"
    exit 1
fi
git -C "$folder" -c advice.detachedHead=false checkout --quiet FETCH_HEAD
