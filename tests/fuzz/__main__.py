"""`python -m tests.fuzz [PARSER…] --seconds N`: look for inputs that break a promise, for as long as you like.

Sound and kept inputs are damaged at random, from a seed that is printed. Where atheris can be imported it chooses the
damage by what it reaches (`PYTHONPATH=DIR` after `uv pip install --target DIR atheris`). What breaks a promise is
written to the current directory; put it into `tests/fuzz/corpus/PARSER/` under a name that says what it is.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import sys
import tempfile
import time
import traceback
import zlib
from pathlib import Path
from typing import Any

from tests.fuzz.calls import call
from tests.fuzz.inputs import damaged, samples
from tests.fuzz.parsers import PARSERS


def main() -> int:
    """Try each parser in turn; 1 when a promise was broken."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    options.add_argument("parsers", nargs="*", metavar="PARSER", help=" ".join(PARSERS))
    options.add_argument("--seconds", type=float, default=float(os.environ.get("FAPIAO_FUZZ_SECONDS", "60")))
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    options.add_argument("--plain", action="store_true", help="without atheris")
    given = options.parse_args()
    if unknown := [name for name in given.parsers if name not in PARSERS]:
        options.error(f"no such parser: {' '.join(unknown)}")
    atheris = None if given.plain else _atheris()
    if atheris is not None:
        return _guided(atheris, given.parsers, given.seconds)
    broken = [_try(name, given.seconds, given.seed) for name in given.parsers or PARSERS]
    return 1 if any(broken) else 0


def _try(parser: str, seconds: float, seed: int) -> bool:
    """Damage inputs until the time is over; whether a promise was broken."""
    dice, others = random.Random(f"{seed} {parser}"), samples(parser)
    tried, found, ends = 0, set[str](), time.monotonic() + seconds
    while time.monotonic() < ends:
        data = damaged(dice.choice(others), dice, others)
        tried += 1
        try:
            call(parser, data)
        except Exception as problem:  # noqa: BLE001  whatever it is, it is what was looked for
            place = traceback.extract_tb(problem.__traceback__)[-1]
            if (where := f"{type(problem).__name__} {place.name}:{place.lineno}") not in found:
                found.add(where)
                _keep(parser, data, problem)
    print(f"{parser}: {tried} inputs in {seconds:g} s from seed {seed}, {len(found)} broken promises")
    return bool(found)


def _keep(parser: str, data: bytes, problem: Exception) -> None:
    file = Path(f"{parser}-{zlib.crc32(data):08x}")
    file.write_bytes(data)
    traceback.print_exception(problem, file=sys.stdout)
    print(f"written to {file}")


# --- atheris ---------------------------------------------------------------------------------------------------------


def _atheris() -> Any:
    try:
        return importlib.import_module("atheris")
    except ImportError:
        return None


def _guided(atheris: Any, parsers: list[str], seconds: float) -> int:
    """Hand one parser over to libFuzzer, which ends the process."""
    if len(parsers) != 1:
        print("with atheris one PARSER at a time is tried")
        return 2
    [parser] = parsers
    atheris.instrument_all()
    with tempfile.TemporaryDirectory() as corpus:
        for index, data in enumerate(samples(parser)):
            (Path(corpus) / str(index)).write_bytes(data)
        atheris.Setup(
            [
                sys.argv[0],
                corpus,
                f"-max_total_time={seconds:.0f}",
                "-max_len=20000",
                "-timeout=10",
                "-rss_limit_mb=1500",
            ],
            lambda data: call(parser, data),
        )
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
