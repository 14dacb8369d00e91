"""`python -m tests.year [--seeds 20] [--days 365] [--json]`: years in minutes, and how well they were told of.

Exits 1 when an outage was missed, a page was false, an end was not told or told too early, or anything was told twice.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial

from tests.year.score import Score
from tests.year.table import figures, table, troubles
from tests.year.year import Year, year


def main() -> int:
    """Live through the seeds, show the scoreboard; 1 when it is not clean."""
    given = _options()
    seeds = range(given.first, given.first + given.seeds)
    began, ours = time.monotonic(), Score()
    plain: dict[str, Score] = {}
    per_seed = []
    for done, one in enumerate(_years(seeds, given.days, given.processes), 1):
        ours.add(one.score)
        for name, score in one.plain:
            plain.setdefault(name, Score()).add(score)
        per_seed.append({"seed": one.seed, **figures(one.score)})
        _say(given, f"seed {one.seed}: {done} of {given.seeds} after {time.monotonic() - began:.0f} s")
        if not given.json and (found := troubles(one.score)):
            print(f"seed {one.seed}\n{found}")
    if given.json:
        beside = {name: figures(score) for name, score in plain.items()}
        print(
            json.dumps(
                {"days": given.days, "seeds": per_seed, "sum": figures(ours), "plain": beside}, indent=1
            )
        )
    else:
        print(f"\n{given.seeds} × {given.days:g} days\n\n{table(ours, list(plain.items()))}")
    return 0 if ours.is_clean else 1


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(
        prog="python -m tests.year", description=(__doc__ or "").partition("\n")[0]
    )
    options.add_argument("--seeds", type=int, default=20, help="how many")
    options.add_argument("--first", type=int, default=1, help="the first of them")
    options.add_argument("--days", type=float, default=365.0)
    options.add_argument("--json", action="store_true")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    return options.parse_args()


def _years(seeds: Iterable[int], days: float, processes: int) -> Iterator[Year]:
    """The years, as they come in; one alone shows where it is."""
    todo = list(seeds)
    if len(todo) == 1 or processes == 1:
        for seed in todo:
            yield year(seed, days, progress=partial(_tell, seed, days))
        return
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(todo)), mp_context=fresh) as pool:
        lives = [pool.submit(year, seed, days) for seed in todo]
        for life in as_completed(lives):
            yield life.result()


def _tell(seed: int, days: float, instant: float) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\rseed {seed}: day {instant / 86400:.0f} of {days:g} ")


def _say(given: argparse.Namespace, line: str) -> None:
    if sys.stderr.isatty() or given.json is False:
        sys.stderr.write(f"\r{line}\n")


if __name__ == "__main__":
    sys.exit(main())
