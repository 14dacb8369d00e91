"""`python -m dashboards.generate` writes dashboards/*.json anew; `--check` only says whether they would change."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from dashboards.generate import alerting, authority, daemon, overview

FOLDER = Path(__file__).parents[1]


def files() -> Iterator[tuple[Path, str]]:
    """Every file and what belongs in it."""
    for page in (overview, authority, alerting, daemon):
        built = page.build()
        text = json.dumps(built, ensure_ascii=False, indent=2, sort_keys=True)
        yield FOLDER / f"{built['uid'].removeprefix('fapiao-')}.json", text + "\n"


def main(arguments: list[str]) -> int:
    """0, or 1 where `--check` found a file that is not what these modules say."""
    stale = [(file, text) for file, text in files() if not file.exists() or file.read_text("utf-8") != text]
    if arguments == ["--check"]:
        for file, _ in stale:
            sys.stderr.write(f"{file.name} is not what dashboards/generate says: run it again\n")
        return 1 if stale else 0
    for file, text in stale:
        file.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
