"""All measurements, one after the other, as tables in Markdown: `python -m bench [--quick]`.

Needs Debian's nginx-light, prometheus-blackbox-exporter, prometheus and prometheus-alertmanager, two cores, and a quiet
machine: about half an hour; with `--quick` a few minutes, for a first look.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

PARTS = (
    (
        "CPU per probe",
        "against_blackbox",
        ("--rounds", "5", "--seconds", "5"),
        ("--rounds", "1", "--seconds", "2"),
    ),
    ("The whole job", "stack", ("--rounds", "3", "--seconds", "45"), ("--rounds", "1", "--seconds", "15")),
    ("From few targets to many", "scale", ("--seconds", "60"), ("--seconds", "15")),
    ("First sweep", "first_sweep", ("--rounds", "3"), ("--rounds", "1")),
    ("A scrape", "metrics", (), ()),
)
"""Title, module, its arguments in earnest and for a first look."""


def main() -> int:
    """Run every part in a process of its own; the exit code is that of the first that failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    quick = parser.parse_args().quick
    failed = 0
    for title, module, earnest, brief in PARTS:
        print(f"\n## {title}\n", flush=True)
        command = [sys.executable, "-m", f"bench.{module}", *(brief if quick else earnest)]
        failed = failed or subprocess.run(command, check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
