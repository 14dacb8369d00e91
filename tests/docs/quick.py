"""`fapiao-monitor` for the tests of documents: the same `main`, in a process forked from one that has imported it all.

A command costs half a second of importing, and the documents hold dozens. `serve` runs the one process that has
imported; `client` is the program that stands in for the console script and hands over arguments, directory,
environment, standard output and standard error. Programs that are left running are started anew all the same.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import signal
import socket
import sys
import traceback
from pathlib import Path

STAY = ("run", "simulate", "demo")
LONGEST = 1 << 16

CLIENT = """\
#!{python} -IS
import json, os, socket, sys
if sys.argv[1:] and sys.argv[1] in {stay!r} and not {{"--break", "--mend"}} & set(sys.argv):
    os.execv({script!r}, [{script!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX) as server:
    server.connect({path!r})
    wish = json.dumps({{"argv": sys.argv[1:], "cwd": os.getcwd(), "environ": dict(os.environ)}}).encode()
    socket.send_fds(server, [wish], [1, 2])
    answer = server.recv(16)
sys.exit(int(answer or b"70"))
"""


def client(folder: Path, path: str) -> None:
    """Write the program `fapiao-monitor` into `folder`; it asks the server at `path`."""
    script = str(Path(sys.executable).parent / "fapiao-monitor")
    program = folder / "fapiao-monitor"
    program.write_text(CLIENT.format(python=sys.executable, stay=STAY, script=script, path=path))
    program.chmod(0o755)


def serve(path: str) -> None:
    """Answer until killed: each connection is one command."""
    from monitor.cli import COMMANDS

    for name in COMMANDS:
        importlib.import_module(f"monitor.cli.{name}")
    for name in ("rich.console", "monitor.probes", "monitor.notify"):
        importlib.import_module(name)
    importlib.import_module("apprise").Apprise.instantiate("json://127.0.0.1:9")  # reads all its plugins
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(connection)
            connection.close()


def _answer(connection: socket.socket) -> None:
    """Be the command, in a process of its own that ends with it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    wish, descriptors, _, _ = socket.recv_fds(connection, LONGEST, 2)
    asked = json.loads(wish)
    for descriptor, number in zip(descriptors, (1, 2), strict=True):
        os.dup2(descriptor, number)
    sys.stdout, sys.stderr = map(_text_to, (1, 2))
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environ"])
    sys.argv = ["fapiao-monitor", *asked["argv"]]
    connection.sendall(str(_main()).encode())
    os._exit(0)


def _text_to(descriptor: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.FileIO(descriptor, "w", closefd=False), encoding="utf-8", line_buffering=True)


def _main() -> int:
    from monitor.cli import main

    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except Exception:  # noqa: BLE001 - said as the console script says it
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
