"""`python confined.py UNIT COMMAND…`: run a command under the seccomp filters that systemd makes of a unit's settings.

systemd itself can only do so as PID 1. What of the unit is not seccomp (name spaces, users, devices) is not covered.
The rules are those of systemd 252: SystemCallFilter, MemoryDenyWriteExecute, RestrictAddressFamilies, RestrictNamespaces.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ALLOW = 0x7FFF0000
MASKED_EQ, NE = 7, 1
PROT_WRITE, PROT_EXEC, SHM_EXEC = 0x2, 0x4, 0o100000
CLONE_NEW = 0x7E020000 | 0x80
"""The flags of all name spaces."""


class Comparison(ctypes.Structure):
    """`struct scmp_arg_cmp`."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def refuse(number: int) -> int:
    """The action that makes a call fail with this errno."""
    return 0x00050000 | number


class Filter:
    """One filter; what no rule names gets `default`."""

    def __init__(self, default: int) -> None:
        self._lib = ctypes.CDLL("libseccomp.so.2")
        self._lib.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._lib.seccomp_init(ctypes.c_uint32(default)))

    def rule(self, action: int, call: str, *comparisons: Comparison) -> None:
        """One rule; calls that this machine does not have are left out."""
        number = self._lib.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return
        array = (Comparison * len(comparisons))(*comparisons)
        done = self._lib.seccomp_rule_add_array(
            self._context, ctypes.c_uint32(action), number, len(comparisons), array
        )
        if done < 0:
            raise OSError(-done, f"cannot add a rule for {call}")

    def load(self) -> None:
        """Put it into force, for ever, here and in whatever is executed."""
        if (done := self._lib.seccomp_load(self._context)) < 0:
            raise OSError(-done, "cannot load the filter")


def settings(unit: Path, key: str) -> list[str]:
    """The words of all lines `KEY=…`, in order."""
    lines = [line.partition("=") for line in unit.read_text().splitlines()]
    return [word for name, _, value in lines if name == key for word in _marked(value)]


def _marked(value: str) -> Iterable[str]:
    """`~a b` → `~a`, `~b`."""
    sign = "~" if value.startswith("~") else ""
    return (sign + word for word in value.removeprefix("~").split())


def expand(word: str) -> set[str]:
    """`@basic-io` → its system calls, as systemd lists them; a plain name is itself."""
    if not word.startswith("@"):
        return {word}
    shown = subprocess.run(
        ["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True
    ).stdout
    names = [line.strip() for line in shown.splitlines()[1:]]
    return set().union(*(expand(name) for name in names if name and not name.startswith("#")))


def allowed_calls(unit: Path) -> set[str]:
    """What SystemCallFilter leaves."""
    allowed = expand("@default")
    for word in settings(unit, "SystemCallFilter"):
        if word.startswith("~"):
            allowed -= expand(word[1:]) - expand("@default")
        else:
            allowed |= expand(word)
    return allowed


def confine(unit: Path) -> None:
    """Put all filters of the unit into force in this process."""
    listed = allowed_calls(unit)
    if settings(unit, "MemoryDenyWriteExecute") == ["yes"]:
        _deny_write_execute()
    _restrict_families(settings(unit, "RestrictAddressFamilies"))
    if settings(unit, "RestrictNamespaces") == ["yes"]:
        _restrict_namespaces()
    calls = Filter(refuse(errno.EPERM))
    for call in listed:
        calls.rule(ALLOW, call)
    calls.load()


def _deny_write_execute() -> None:
    memory = Filter(ALLOW)
    both = PROT_WRITE | PROT_EXEC
    memory.rule(refuse(errno.EPERM), "mmap", Comparison(2, MASKED_EQ, both, both))
    for call in ("mprotect", "pkey_mprotect"):
        memory.rule(refuse(errno.EPERM), call, Comparison(2, MASKED_EQ, PROT_EXEC, PROT_EXEC))
    memory.rule(refuse(errno.EPERM), "shmat", Comparison(2, MASKED_EQ, SHM_EXEC, SHM_EXEC))
    memory.load()


def _restrict_families(allowed: list[str]) -> None:
    families = Filter(ALLOW)
    numbers = {int(getattr(socket, name)) for name in allowed}
    for other in set(range(64)) - numbers:
        families.rule(refuse(errno.EAFNOSUPPORT), "socket", Comparison(0, MASKED_EQ, 0xFFFFFFFF, other))
    families.load()


def _restrict_namespaces() -> None:
    spaces = Filter(ALLOW)
    spaces.rule(refuse(errno.EPERM), "setns")
    for flag in (1 << bit for bit in range(32) if CLONE_NEW >> bit & 1):
        for call, position in (("unshare", 0), ("clone", 0)):
            spaces.rule(refuse(errno.EPERM), call, Comparison(position, MASKED_EQ, flag, flag))
    spaces.rule(refuse(errno.ENOSYS), "clone3")
    spaces.load()


if __name__ == "__main__":
    confine(Path(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
