"""Setting up: what may be in requirements/*.txt, and monitor.sh with stand-ins for Python and pip.

The real set-up (half a minute, and a network) is what every continuous-integration run starts with.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))
SCRIPTS = ("monitor.sh", ".ci/run", "requirements/compile.sh")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def canonical(requirement: str) -> str:
    """The name in a requirement, as indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement)[0]).lower()


def pins(name: str) -> dict[str, str]:
    """Name → exact version of one file of requirements."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    found = [line.split("==", 1) for line in lines if "==" in line and not line.startswith((" ", "#"))]
    return {canonical(name): version.split()[0] for name, version in found}


# --- requirements ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_every_requirement_is_exact_and_has_hashes(file: Path) -> None:
    entries = file.read_text().replace("\\\n", " ").splitlines()
    assert entries
    for entry in entries:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", entry), entry[:80]


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.name)
def test_requirements_name_no_address(file: Path) -> None:
    assert not re.search(r"://|index-url|find-links", file.read_text())


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("run", PROJECT["project"]["dependencies"]),
        ("fast", PROJECT["project"]["optional-dependencies"]["fast"]),
        ("dev", PROJECT["dependency-groups"]["dev"]),
        ("dev", PROJECT["project"]["dependencies"]),
        ("build", PROJECT["dependency-groups"]["build"]),
    ],
)
def test_what_pyproject_asks_for_is_pinned(file: str, wanted: list[str]) -> None:
    assert {canonical(one) for one in wanted} <= pins(file).keys()


def test_tests_run_with_the_versions_that_the_daemon_runs_with() -> None:
    dev = pins("dev")
    assert {name: dev.get(name) for name in pins("run")} == pins("run")


# --- scripts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_scripts_are_plain_sh(script: str, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")

    subprocess.run([shell, "-n", ROOT / script], check=True)
    assert (ROOT / script).read_text().startswith("#!/bin/sh\n")
    assert os.access(ROOT / script, os.X_OK)


def test_make_calls_the_same_script() -> None:
    lines = (ROOT / "Makefile").read_text().splitlines()
    assert len(lines) == 3
    assert lines[2] == "\t@./monitor.sh $@"


def test_the_checks_before_the_tests_passed() -> None:
    """`./monitor.sh test` runs ruff, mypy and lint-imports first and says here which of them failed."""
    failed = os.environ.get("FAPIAO_FAILED_CHECKS", "").split()
    assert not failed, f"see above the tests what {', '.join(failed)} said"


# --- monitor.sh, with stand-ins --------------------------------------------------------------------------------------

PYTHON = """#!/bin/sh
# Stands for python3: makes "environments" and "installs" by writing down that it was asked to.
case "$*" in
    *'sys.version_info < (3, 11)'*) exit "${OLD:-0}" ;;
    *ensurepip*) exit "${NO_VENV:-0}" ;;
    *flock*) exec "$REAL_PYTHON" "$@" ;;
    --version) echo Python 3.99 ;;
    '-m venv '*) echo venv >> "$DIARY"; mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
    '-m pip install '*-e*)
        printf '#!/bin/sh\\necho "$FAPIAO_CONFIG|$#|$*"\\n[ -z "$HOW" ] || echo "$FAPIAO_COMMAND"\\nexit "${CODE:-0}"\\n' > "$(dirname "$0")/fapiao-monitor"
        chmod +x "$(dirname "$0")/fapiao-monitor" ;;
    '-m pip install '*) echo pip >> "$DIARY"; [ -z "${SLOW:-}" ] || sleep "$SLOW"; exit "${NO_NETWORK:-0}" ;;
esac
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A checkout in a directory with blanks, whose Python is the stand-in above."""

    root: Path
    place: Path

    def start(self, *words: str, at: Path | None = None, **environ: str) -> subprocess.Popen[str]:
        """Call monitor.sh from `at` with an empty environment but for `environ`."""
        path = f"{self.place / 'bin'}:/usr/bin:/bin"
        return subprocess.Popen(
            [self.root / "monitor.sh", *words],
            cwd=at or self.root,
            env={
                "PATH": path,
                "HOME": "/nonexistent",
                "DIARY": str(self.place / "diary"),
                "REAL_PYTHON": sys.executable,
                **environ,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *words: str, at: Path | None = None, **environ: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a call."""
        process = self.start(*words, at=at, **environ)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def diary(self) -> list[str]:
        """What the stand-in was asked for so far: `venv`, `pip`."""
        file = self.place / "diary"
        return file.read_text().split() if file.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "a checkout"
    root.mkdir()
    for name in ("monitor.sh", "pyproject.toml"):
        shutil.copy(ROOT / name, root)
    shutil.copytree(ROOT / "requirements", root / "requirements")
    (tmp_path / "bin").mkdir()
    for name in ("python3", "uv"):
        (tmp_path / "bin" / name).write_text(PYTHON if name == "python3" else "#!/bin/sh\nexit 1\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return Checkout(root=root, place=tmp_path)


def test_without_a_word_it_says_how_to_use_it_and_sets_nothing_up(checkout: Checkout) -> None:
    code, out, err = checkout.call()
    assert (code, out, checkout.diary()) == (2, "", [])
    assert "./monitor.sh run" in err
    assert "./monitor.sh test" in err


def test_the_first_call_sets_up_and_the_second_only_runs(checkout: Checkout) -> None:
    assert checkout.call("status", "--json")[0] == 0
    assert checkout.diary() == ["venv", "pip"]
    code, out, err = checkout.call("status", "--json")
    assert (code, out, err) == (0, "|2|status --json\n", "")
    assert checkout.diary() == ["venv", "pip"]


def test_only_the_command_writes_to_standard_output(checkout: Checkout) -> None:
    _, out, err = checkout.call("probe", "--json", "x")
    assert out == "|3|probe --json x\n"
    assert "setting up" in err


def test_arguments_and_exit_code_pass_through(checkout: Checkout) -> None:
    code, out, _ = checkout.call("which", "1 2", "", CODE="7")
    assert (code, out) == (7, "|3|which 1 2 \n")


def test_the_command_knows_how_it_was_called(checkout: Checkout) -> None:
    assert checkout.call("status", HOW="1")[1].splitlines()[1] == str(checkout.root / "monitor.sh")


@pytest.mark.parametrize(
    ("here", "environ", "config"),
    [
        pytest.param(False, {}, "a checkout/probes.yaml", id="none here: the shipped one"),
        pytest.param(True, {}, "", id="one here: the command finds it itself"),
        pytest.param(False, {"FAPIAO_CONFIG": "mine.yaml"}, "mine.yaml", id="one named"),
    ],
)
def test_run_falls_back_to_the_shipped_configuration(
    checkout: Checkout, here: bool, environ: dict[str, str], config: str
) -> None:
    elsewhere = checkout.place / "elsewhere"
    elsewhere.mkdir()
    if here:
        (elsewhere / "probes.yaml").touch()
    _, out, _ = checkout.call("run", at=elsewhere, **environ)
    assert out.endswith("|1|run\n")
    assert out.partition("|")[0].endswith(config)
    assert bool(out.partition("|")[0]) == bool(config)


def test_a_set_up_that_was_cut_short_is_made_anew(checkout: Checkout) -> None:
    checkout.call("status")
    (checkout.root / ".venv" / ".stamp-run").unlink()
    assert checkout.call("status")[0] == 0
    assert checkout.diary() == ["venv", "pip", "venv", "pip"]


def test_a_python_that_is_gone_is_replaced(checkout: Checkout) -> None:
    checkout.call("status")
    (checkout.root / ".venv" / "bin" / "python").unlink()
    assert checkout.call("status")[0] == 0
    assert checkout.diary() == ["venv", "pip", "venv", "pip"]


def test_changed_requirements_are_installed_into_the_same_environment(checkout: Checkout) -> None:
    checkout.call("status")
    with (checkout.root / "requirements" / "run.txt").open("a") as file:
        file.write("# changed\n")
    assert checkout.call("status")[0] == 0
    assert checkout.diary() == ["venv", "pip", "pip"]


def test_a_failed_update_leaves_what_was_there(checkout: Checkout) -> None:
    checkout.call("status")
    before = (checkout.root / ".venv" / ".stamp-run").read_text()
    code, _, err = checkout.call("test", NO_NETWORK="1")
    assert code == 3
    assert "needs a network" in err
    assert (checkout.root / ".venv" / ".stamp-run").read_text() == before
    assert checkout.call("status")[0] == 0


def test_two_at_once_set_up_once(checkout: Checkout) -> None:
    both = [checkout.start("status", SLOW="0.3") for _ in range(2)]
    assert [process.communicate(timeout=30)[0] for process in both] == ["|1|status\n"] * 2
    assert checkout.diary() == ["venv", "pip"]


def test_a_developers_own_environment_is_left_alone(checkout: Checkout) -> None:
    own = checkout.root / ".venv"
    own.mkdir()
    (own / "pyvenv.cfg").touch()
    assert checkout.call("status")[0] == 0
    assert [file.name for file in own.iterdir()] == ["pyvenv.cfg"]
    assert (checkout.root / ".venv-monitor" / ".gitignore").read_text() == "*\n"


def test_another_place_may_be_named_but_not_one_in_use(checkout: Checkout) -> None:
    place = checkout.place / "some where"
    assert checkout.call("status", FAPIAO_VENV=str(place))[0] == 0
    assert (place / "bin" / "python").exists()
    code, _, err = checkout.call("status", FAPIAO_VENV=str(checkout.root))
    assert code == 3
    assert "holds something" in err


def test_an_old_python_is_named_with_what_is_needed(checkout: Checkout) -> None:
    code, _, err = checkout.call("status", OLD="1", PATH=str(_without_python(checkout)))
    assert code == 3
    assert "Python 3.11 or newer is needed" in err


def test_a_missing_venv_package_is_named(checkout: Checkout) -> None:
    code, _, err = checkout.call("status", NO_VENV="1")
    assert code == 3
    assert "apt-get install python3-venv" in err


def _without_python(checkout: Checkout) -> Path:
    """A PATH on which the only Python is the stand-in."""
    for name in ("sh", "cat", "cksum", "dirname", "ls", "mkdir", "env"):
        (checkout.place / "bin" / name).symlink_to(shutil.which(name) or "/bin/false")
    return checkout.place / "bin"
