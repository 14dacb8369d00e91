#!/bin/sh
# Sets fapiao-monitor up in a private virtual environment (once) and runs it.
#
# Plain POSIX sh and any Python 3.11 or newer. What is installed is fixed, with hashes, in requirements/*.txt.
# Everything said here goes to stderr, so that `./monitor.sh probe --json … | jq` stays clean.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
unset PYTHONHOME PYTHONPATH     # another project's modules must not stand before ours
mark=.made-by-monitor.sh        # the directories we may change carry it; it is the lock file as well

say() { printf 'monitor.sh: %s\n' "$*" >&2; }
die() { say "$@"; exit 3; }

usage() {
    cat >&2 <<'END'
usage: ./monitor.sh run [-c probes.yaml]      the daemon; its page is on http://127.0.0.1:8036/
       ./monitor.sh test [PYTEST ARGUMENTS]   style, types, layers and all tests
       ./monitor.sh COMMAND …                 check, init, probe, status, which, authorities, … (--help lists them)

The first call sets up a private environment in .venv; FAPIAO_VENV=DIRECTORY names another place for it.
END
    exit 2
}

# --- where the environment is ---

is_ours() { [ -e "$1/$mark" ] || [ ! -e "$1" ] || [ -z "$(ls -A "$1" 2>/dev/null)" ]; }

choose_directory() {
    if [ -n "${FAPIAO_VENV:-}" ]; then
        case $FAPIAO_VENV in /*) venv=$FAPIAO_VENV ;; *) venv=$PWD/$FAPIAO_VENV ;; esac
        is_ours "$venv" || die "FAPIAO_VENV: $venv holds something that monitor.sh did not make; name another directory"
    elif is_ours "$root/.venv"; then
        venv=$root/.venv
    else
        venv=$root/.venv-monitor    # .venv is a developer's own: leave it alone
    fi
}

# --- whether it is ready ---

key() { printf '%s\n' "$root"; for file in "$@"; do cksum < "$root/$file"; done; }
run_key() { key pyproject.toml requirements/build.txt requirements/run.txt; }
dev_key() { key pyproject.toml requirements/build.txt requirements/run.txt requirements/dev.txt; }

stamped() { [ -r "$venv/.stamp-$1" ] && [ "$(cat "$venv/.stamp-$1")" = "$("${1}_key")" ]; }

# Also notices a Python that was removed or replaced by a newer one, and a checkout that was moved.
works() {
    [ -x "$venv/bin/fapiao-monitor" ] && "$venv/bin/python" -Ic '
import sys
from importlib.util import find_spec
ours = find_spec("monitor")
sys.exit(not (ours and ours.origin.startswith(sys.argv[1] + "/") and find_spec("aiohttp") and find_spec("click")))
' "$root" 2>/dev/null
}

ready() {
    stamped run && works && { [ "$1" = run ] || stamped dev; }
}

# --- making it ---

find_python() {
    for python in "${FAPIAO_PYTHON:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    done
    found=$(python3 --version 2>/dev/null || echo 'no python3')
    die "Python 3.11 or newer is needed, and here is $found. On Debian 12 or newer: apt-get install python3 python3-venv"
}

have_uv() { uv --version >/dev/null 2>&1; }

make_venv() {
    find_python
    say "setting up $venv with $("$python" --version) (once; about half a minute)"
    rm -rf -- "${venv:?}"/* "$venv"/.stamp*
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv "$venv" >&2 || die "python -m venv failed"
    elif have_uv; then
        "$python" -m venv --without-pip "$venv" >&2 || die "python -m venv failed"
    else
        die "this Python cannot make virtual environments. On Debian: apt-get install python3-venv"
    fi
}

# uv is quicker; where it cannot (no index of its own, a read-only cache) pip does the same.
install() {
    if have_uv && uv pip install --quiet --python "$venv/bin/python" "$@" >/dev/null 2>&1; then
        return
    fi
    PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 \
        "$venv/bin/python" -m pip install --quiet --no-input "$@" >&2
}

install_all() {
    install --require-hashes -r "$root/requirements/build.txt" -r "$root/requirements/$1.txt" &&
        install --no-deps --no-build-isolation -e "$root"
}

# The stamps are away while pip works: a set-up that was killed half-way is made anew. One that failed in good order
# (no network) has installed nothing and leaves what was there.
set_up() {
    { [ -e "$venv/.stamp-run" ] || [ -e "$venv/.stamp-dev" ]; } && [ -x "$venv/bin/python" ] && works || make_venv
    mkdir -p "$venv/.stamps-before"
    for stamp in run dev; do
        [ ! -e "$venv/.stamp-$stamp" ] || mv "$venv/.stamp-$stamp" "$venv/.stamps-before/"
    done
    [ "$1" = run ] || say "installing what the tests need"
    if ! install_all "$1"; then
        mv "$venv"/.stamps-before/.stamp-* "$venv" 2>/dev/null || :
        rm -rf "$venv/.stamps-before"
        die "could not install requirements/$1.txt. Setting up needs a network, or pip's settings for a mirror"
    fi
    rm -rf "$venv/.stamps-before"
    run_key > "$venv/.stamp-run"
    [ "$1" = run ] || dev_key > "$venv/.stamp-dev"
}

# One sets up, the others wait. The lock is on an open file, so it goes with the shell that holds it, however that ends.
prepare() {
    choose_directory
    ready "$1" && return
    mkdir -p "$venv" 2>/dev/null && : >> "$venv/$mark" 2>/dev/null ||
        die "cannot write to $venv; FAPIAO_VENV=DIRECTORY names another place"
    find_python
    exec 9>> "$venv/$mark"
    "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
    ready "$1" || { echo '*' > "$venv/.gitignore"; set_up "$1"; }
    exec 9>&-
}

# --- the words ---

check() {
    title=$1; shift
    if output=$("$@" 2>&1); then
        printf '%-14s ok\n' "$title"
    else
        printf '%s\n%-14s FAILED\n' "$output" "$title"
        FAPIAO_FAILED_CHECKS="$FAPIAO_FAILED_CHECKS $title"
    fi
}

# tests/test_setup.py turns a failed check into a failed test, so that pytest's closing line tells the whole truth.
run_tests() {
    cd "$root"
    export FAPIAO_FAILED_CHECKS=
    check ruff-check "$venv/bin/ruff" check --quiet bench dashboards monitor tests
    check ruff-format "$venv/bin/ruff" format --quiet --diff bench dashboards monitor tests
    check mypy "$venv/bin/mypy"
    check lint-imports "$venv/bin/lint-imports"
    status=0
    # One more than there are processors: half of the time of a test is waiting.
    "$venv/bin/python" -m pytest -n "$(($(nproc) + 1))" "$@" || status=$?
    [ -z "$FAPIAO_FAILED_CHECKS" ] || [ "$status" -ne 0 ] || status=1
    exit "$status"
}

[ $# -gt 0 ] || usage
case $1 in
    test)
        shift
        prepare dev
        run_tests "$@"
        ;;
    run | check)
        if [ -z "${FAPIAO_CONFIG:-}" ] && [ ! -e probes.yaml ]; then
            export FAPIAO_CONFIG="$root/probes.yaml"
        fi
        ;;
esac
prepare run
export FAPIAO_COMMAND="$0"      # hints say what can be typed
exec "$venv/bin/fapiao-monitor" "$@"
