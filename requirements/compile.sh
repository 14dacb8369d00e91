#!/bin/sh
# Compiles all requirements/*.txt anew from pyproject.toml: exact versions with hashes, for every Python from 3.11 on and
# every platform, and without addresses, so that no mirror's name gets into the repository. Needs uv.
# Versions already chosen stay; `requirements/compile.sh --upgrade` chooses the newest.
set -eu
cd -- "$(dirname -- "$0")/.."

compile() {
    target=requirements/$1.txt; shift
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links -o "$target" "$@" > /dev/null
}

compile run pyproject.toml "$@"
compile fast pyproject.toml --extra fast -c requirements/run.txt "$@"
compile dev pyproject.toml --extra fast --group dev -c requirements/run.txt "$@"
compile build --group build "$@"

if grep -nE '://' requirements/*.txt; then
    echo 'requirements/compile.sh: an address got into the files above' >&2
    exit 1
fi
