"""How long a cold start and the first sweep take with 18 of 36 authorities hanging: the daemon and the simulator as processes.

    python -m bench.first_sweep [--rounds 5]

Prints one markdown row per round: start of the process → page up → first result → every target has a result, and by how
much the sweep exceeded the timeout of a run (design: at most 0.3 s).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ADDRESS = "127.0.0.1:18136"
TIMEOUT = 3.0
"""Seconds a run may take in the configuration that `simulate --config-out` writes."""


@contextlib.contextmanager
def process(*words: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One command of the product, ended at the end."""
    command = [sys.executable, "-m", "monitor", *words]
    with (folder / f"{words[0]}.log").open("wb") as log:
        running = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            yield running
        finally:
            running.terminate()
            running.wait(10)


def get(path: str) -> tuple[int, bytes]:
    """Status and body; status 0 while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://{ADDRESS}{path}", timeout=2) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()
    except OSError:
        return 0, b""


def wait(seen, begun: float) -> float:
    """Seconds from `begun` until `seen()` is true."""
    while not seen():
        if time.monotonic() - begun > 30:
            sys.exit("waited 30 s in vain")
        time.sleep(0.01)
    return time.monotonic() - begun


def has_result() -> bool:
    """Whether any target has a result."""
    code, body = get("/api/v1/targets?limit=500")
    return code == 200 and any(target["last"] for target in json.loads(body)["targets"])


def one_round() -> tuple[float, float, float]:
    """Seconds from the start of the process to: page up, first result, all results."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with process("simulate", "--half-hanging", "--config-out", "sim.yaml", folder=folder):
            begun = time.monotonic()
            wait(
                lambda: (folder / "sim.yaml").exists() and "Ctrl-C" in (folder / "simulate.log").read_text(),
                begun,
            )
            begun = time.monotonic()
            with process("run", "-c", "sim.yaml", "--listen", ADDRESS, folder=folder):
                up = wait(lambda: get("/-/healthy")[0] == 200, begun)
                first = wait(has_result, begun)
                return up, first, wait(lambda: get("/-/ready")[0] == 200, begun)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    print(
        "| round | start → page | start → first result | page → every target looked at "
        f"| beyond the timeout of {TIMEOUT:g} s |"
    )
    print("|---|---|---|---|---|")
    for number in range(options.parse_args().rounds):
        up, first, ready = one_round()
        print(
            f"| {number + 1} | {up:.2f} s | {first:.2f} s | {ready - up:.2f} s | {ready - up - TIMEOUT:+.2f} s |",
            flush=True,
        )


if __name__ == "__main__":
    main()
