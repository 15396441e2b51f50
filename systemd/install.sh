#!/bin/sh
# Installs the terminal on Raspberry Pi OS or Debian 12 and 13, from a checkout or from an unpacked bundle.
#
#   install      into the slot that is not in use, then makes that one current; run it again as often as you like
#   slot DIR     only the program, into DIR (what "netgiro-terminal upgrade" does)
#   files        only unit, user, folders and rules
#   uninstall    removes all of it but the journal, the configuration and the secret key
#
# The program lives in /opt/netgiro-terminal in two slots, a and b; the link "current" names the one in use.
# DESTDIR puts everything under another folder, for tests and packages; then nothing of this machine is touched.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=$(dirname "$here")
DESTDIR=${DESTDIR:-}
PYTHON=${PYTHON:-python3}
opt=/opt/netgiro-terminal
root=$DESTDIR$opt
etc=$DESTDIR/etc
name=netgiro-terminal
command_link=$DESTDIR/usr/local/bin/$name
distribution_packages=${DISTRIBUTION_PACKAGES:-/usr/lib/python3/dist-packages}

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }
systemd_runs() { [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; }

# --- before anything is changed ---------------------------------------------------------------------------------------

check_machine() {
    [ -n "$DESTDIR" ] || [ "$(id -u)" = 0 ] || fail "needs root: sudo make install"
    command -v "$PYTHON" >/dev/null || fail "no $PYTHON; run: apt-get install python3 python3-venv"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
        || fail "$PYTHON is older than 3.11; Debian 12 or newer has it"
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || fail "no venv; run: apt-get install python3-venv"
    if [ -d "$source/wheels" ]; then
        made_for=$(cat "$source/MACHINE")
        [ "$made_for" = "$(machine)" ] || fail "this bundle is for $made_for, this machine is $(machine)"
    fi
}

# A new counter is not begun where nothing is tested; one that was begun all the same may be brought up to date.
check_supported() {
    case "$(machine)" in x86_64*|aarch64*) return ;; esac
    [ "${UNTESTED:-}" = yes ] || fail "$(machine | cut -d' ' -f1) is not supported: nothing is tested there." \
        "Use a 64-bit system, such as Raspberry Pi OS (64-bit) on a Pi 3 or newer;" \
        "to try it here at your own risk: sudo UNTESTED=yes sh $0 install"
}

machine() { "$PYTHON" "$here/machine.py"; }

# --- the program ------------------------------------------------------------------------------------------------------

# Names what a slot is made of: the same sources need no second installation.
fingerprint() {
    (
        cd "$source"
        find pyproject.toml terminal hardware systemd wheels config.toml -type f ! -name '*.pyc' 2>/dev/null \
            | LC_ALL=C sort | xargs sha256sum
        machine
    ) | sha256sum | cut -d' ' -f1
}

make_slot() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    rm -rf "$1"
    mkdir -p "$(dirname "$1")"
    "$PYTHON" -m venv "$1"
    if [ -d "$source/wheels" ]; then
        pip "$1" --no-index --find-links "$source/wheels" --require-hashes -r "$source/requirements.lock"
    else
        install_locked "$1"
        build_wheel "$work"
        pip "$1" --no-index --no-deps "$work"/wheel/*.whl
    fi
    take_from_distribution "$1" spidev "a display on SPI"
    "$1/bin/python" -m pip uninstall --quiet --yes pip >/dev/null
    install_tree "$1/share/$name"
    "$1/bin/$name" --version >/dev/null || fail "the installed program does not start"
    fingerprint >"$1/share/$name/FINGERPRINT"  # last: a slot without it is not whole
    sync -f "$1" 2>/dev/null || sync
}

# What PyPI has only as source is built with the locked setuptools where that is enough, so that nothing unlocked is run;
# on armhf it is not: there pip fetches what each source asks for.
install_locked() {
    pip "$1" --require-hashes -r "$here/requirements-build.lock"
    pip "$1" --no-build-isolation --use-pep517 --require-hashes -r "$here/requirements.lock" 2>"$work/log" && return
    case "$(machine)" in
        armhf*) say "building for armhf; this takes a while" ;;
        *) cat "$work/log" >&2; fail "the dependencies could not be installed" ;;
    esac
    pip "$1" --require-hashes -r "$here/requirements.lock"
}

pip() {
    python=$1/bin/python; shift
    "$python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-warn-script-location "$@"
}

# In a copy: building leaves folders behind.
build_wheel() {
    "$PYTHON" -m venv "$1/build"
    pip "$1/build" --require-hashes -r "$here/requirements-build.lock"
    mkdir "$1/source"
    for part in pyproject.toml README.md LICENSE terminal hardware; do
        [ ! -e "$source/$part" ] || cp -R "$source/$part" "$1/source/"
    done
    "$1/build/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index \
        --wheel-dir "$1/wheel" "$1/source" >"$1/log" 2>&1 || { cat "$1/log" >&2; fail "the program could not be built"; }
}

# PyPI has no built spidev. Raspberry Pi OS and Debian have it as a package.
take_from_distribution() {
    ! "$1/bin/python" -c "import $2" 2>/dev/null || return 0
    into=$("$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')
    for file in "$distribution_packages/$2.py" "$distribution_packages/$2".*.so "$distribution_packages/_$2".*.so; do
        [ ! -e "$file" ] || cp "$file" "$into/"
    done
    "$1/bin/python" -c "import $2" 2>/dev/null \
        || say "without $2: $3 will not work; if you need it: apt-get install python3-$2, then install again"
}

# What the slot brings along: the files for systemd, this script and the configuration as it comes.
install_tree() {
    mkdir -p "$1"
    cp "$source/config.toml" "$1/config.toml"
    [ ! -e "$source/sbom.cdx.json" ] || cp "$source/sbom.cdx.json" "$1/"
    for file in "$here"/*; do
        [ ! -f "$file" ] || cp "$file" "$1/"
    done
    [ ! -d "$here/monitoring" ] || cp -R "$here/monitoring" "$1/"
}

spare_slot() {
    case "$(readlink "$root/current" 2>/dev/null || true)" in
        a) echo b ;;
        *) echo a ;;
    esac
}

# A rename, so that there is never a moment without a current slot.
make_current() {
    ln -sfn "$1" "$root/current.new"
    mv -T "$root/current.new" "$root/current"
}

# --- the system -------------------------------------------------------------------------------------------------------

put() { install -D -m "$3" "$here/$1" "$etc/$2"; }

install_files() {
    put netgiro-terminal.service systemd/system/$name.service 644
    put netgiro-terminal-upgrade.path systemd/system/$name-upgrade.path 644
    put netgiro-terminal-upgrade.service systemd/system/$name-upgrade.service 644
    put sysusers.conf sysusers.d/$name.conf 644
    put tmpfiles.conf tmpfiles.d/$name.conf 644
    put modules-load.conf modules-load.d/$name.conf 644
    put journald.conf systemd/journald.conf.d/$name.conf 644
    put udev.rules udev/rules.d/70-$name.rules 644
    mkdir -p "$(dirname "$command_link")" "$etc/$name"
    ln -sfn "$opt/current/bin/$name" "$command_link"
    [ -e "$etc/$name/config.toml" ] || install -m 640 "$source/config.toml" "$etc/$name/config.toml"
    [ -e "$etc/$name/release-keys" ] || install -m 644 "$here/release-keys" "$etc/$name/release-keys"
    [ -z "$DESTDIR" ] || return 0

    systemd-sysusers "$etc/sysusers.d/$name.conf"
    systemd-tmpfiles --create "$etc/tmpfiles.d/$name.conf"
    systemctl enable --quiet $name.service $name-upgrade.path
    if systemd_runs; then
        systemctl daemon-reload
        systemctl start $name-upgrade.path
        systemctl restart systemd-journald.service
        systemctl restart systemd-modules-load.service 2>/dev/null || true  # a container has no modules to load
        ! command -v udevadm >/dev/null || { udevadm control --reload && udevadm trigger; } 2>/dev/null || true
    fi
}

# --- commands ---------------------------------------------------------------------------------------------------------

do_install() {
    check_machine
    check_supported
    slot=$(readlink "$root/current" 2>/dev/null || true)
    if [ -n "$slot" ] && [ "$(cat "$root/$slot/share/$name/FINGERPRINT" 2>/dev/null)" = "$(fingerprint)" ]; then
        say "$name is installed and current in $opt/$slot"
    else
        slot=$(spare_slot)
        make_slot "$root/$slot"
        make_current "$slot"
        say "installed $("$root/$slot/bin/$name" --version) in $opt/$slot"
    fi
    install_files
    if systemd_runs && systemctl is-active --quiet $name.service; then
        "$command_link" restart || say "the running terminal is still the old one: netgiro-terminal restart"
    else
        say "next: sudo netgiro-terminal setup"
    fi
}

do_uninstall() {
    [ -n "$DESTDIR" ] || [ "$(id -u)" = 0 ] || fail "needs root: sudo make uninstall"
    if systemd_runs; then
        systemctl disable --quiet --now $name-upgrade.path $name.service 2>/dev/null || true
    fi
    rm -f "$etc/systemd/system/$name.service" "$etc/systemd/system/multi-user.target.wants/$name.service" \
        "$etc/systemd/system/$name-upgrade.path" "$etc/systemd/system/$name-upgrade.service" \
        "$etc/systemd/system/multi-user.target.wants/$name-upgrade.path" \
        "$etc/sysusers.d/$name.conf" "$etc/tmpfiles.d/$name.conf" "$etc/modules-load.d/$name.conf" \
        "$etc/systemd/journald.conf.d/$name.conf" "$etc/udev/rules.d/70-$name.rules" "$command_link"
    rm -rf "$root"
    if systemd_runs; then
        systemctl daemon-reload
        systemctl reset-failed $name.service 2>/dev/null || true
    fi
    say "removed; kept: /var/lib/$name (journal), /etc/$name (configuration), the secret key in /etc/credstore or" \
        "/etc/credstore.encrypted, and the user $name, who owns them"
}

case "${1:-}" in
    install) do_install ;;
    slot) [ $# = 2 ] || fail "slot needs a folder"; check_machine; make_slot "$2" ;;
    files) check_machine; install_files ;;
    uninstall) do_uninstall ;;
    *) fail "usage: $0 install | slot DIR | files | uninstall" ;;
esac
