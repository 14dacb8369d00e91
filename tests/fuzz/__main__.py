"""`python -m tests.fuzz [PARSER…] --seconds N`: look for inputs that break a promise, for as long as you like.

Sound and kept inputs are damaged at random, from a seed that is printed. What breaks a promise is written to the
current directory; put it into `tests/fuzz/corpus/PARSER/` under a name that says what it is. `guided.py` searches by
what an input reaches.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
import traceback
import zlib
from pathlib import Path

from tests.fuzz.calls import call
from tests.fuzz.inputs import damaged, samples
from tests.fuzz.parsers import PARSERS


def main() -> int:
    """Try each parser in turn; 1 when a promise was broken."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    options.add_argument("parsers", nargs="*", metavar="PARSER", help=" ".join(PARSERS))
    options.add_argument("--seconds", type=float, default=float(os.environ.get("FAPIAO_FUZZ_SECONDS", "60")))
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    given = options.parse_args()
    if unknown := [name for name in given.parsers if name not in PARSERS]:
        options.error(f"no such parser: {' '.join(unknown)}")
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


if __name__ == "__main__":
    sys.exit(main())
