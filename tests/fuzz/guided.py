"""`python -m tests.fuzz.guided PARSER --seconds N`: the same search, guided by what an input reaches in our code.

Needs atheris, which is no dependency: `uv pip install --target DIR atheris`, then `PYTHONPATH=DIR`. What breaks a
promise ends the search and is written to the current directory as `crash-…`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Hand one parser over to libFuzzer, which ends the process."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz.guided")
    options.add_argument("parser")
    options.add_argument("--seconds", type=int, default=int(os.environ.get("FAPIAO_FUZZ_SECONDS", "60")))
    given = options.parse_args()
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["monitor"]):  # before they are imported
        calls = importlib.import_module("tests.fuzz.calls")
        inputs = importlib.import_module("tests.fuzz.inputs")
    with tempfile.TemporaryDirectory() as corpus:
        for index, data in enumerate(inputs.samples(given.parser)):
            (Path(corpus) / str(index)).write_bytes(data)
        limits = [f"-max_total_time={given.seconds}", "-max_len=20000", "-timeout=10", "-rss_limit_mb=1500"]
        atheris.Setup([sys.argv[0], corpus, *limits], lambda data: calls.call(given.parser, data))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
