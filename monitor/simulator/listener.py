"""One listening socket that can be made to refuse or to hang, and always comes back on the same port.

- refusing: the listener is closed and its port held by a socket that is bound but does not listen; the kernel
  answers with RST and nobody else can take the port meanwhile.
- silent: nobody calls accept(); the kernel still completes handshakes.
- full: the backlog is cut to 0 and filled by connections of our own; the kernel drops further SYNs.
"""

from __future__ import annotations

import asyncio
import errno
import select
import socket
from collections.abc import Callable

BACKLOG = 256
_FILLERS = 3
"""Linux lets one connection more into the queue than the backlog says; the rest makes sure."""


Accepted = Callable[[socket.socket], None]
"""Called with each connection, which is its own from then on."""


class Listener:
    """A listening socket in one of four states. Every method is immediate; `accepted` is called per connection."""

    def __init__(self, host: str, port: int, accepted: Accepted) -> None:
        """Listen on `host` and `port` (0: any). Raises OSError where that is taken."""
        self._loop = asyncio.get_running_loop()
        self.accepted = accepted
        self._fillers: list[socket.socket] = []
        self._filler_ports: set[int] = set()
        self._socket = _bound(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self.listen()

    def listen(self) -> None:
        """Accept connections, whatever the state was before."""
        self._drop_fillers()
        self._socket.listen(BACKLOG)
        self._loop.add_reader(self._socket, self._accept)
        self._accept()
        self._filler_ports.clear()  # those that got through are out of the queue; the others never will be in it

    def refuse(self) -> None:
        """Make the kernel refuse connections to this port."""
        self.close()
        self._socket = _bound(self.host, self.port)

    def fall_silent(self) -> None:
        """Let the kernel take connections that nobody will ever answer."""
        self._loop.remove_reader(self._socket)

    def fill(self) -> None:
        """Fill the backlog, so that connecting hangs."""
        self._loop.remove_reader(self._socket)
        self._socket.listen(0)
        for _ in range(_FILLERS):
            self._fillers.append(self._filler())
        # On Linux the first one is through at once; a user-space network stack needs a moment.
        through = select.poll()
        through.register(self._fillers[0], select.POLLOUT)
        through.poll(200)

    def close(self) -> None:
        """Give up the socket and the port."""
        self._drop_fillers()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _drop_fillers(self) -> None:
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()

    def _filler(self) -> socket.socket:
        filler = socket.socket()
        filler.setblocking(False)
        if (code := filler.connect_ex((self.host, self.port))) not in (0, errno.EINPROGRESS):
            filler.close()
            raise OSError(code, "cannot fill the backlog")
        self._filler_ports.add(filler.getsockname()[1])
        return filler

    def _accept(self) -> None:
        for _ in range(BACKLOG):
            try:
                connection, peer = self._socket.accept()
            except OSError:  # none left, gone again, or no descriptors: the loop calls again while any waits
                return
            if peer[1] in self._filler_ports:
                connection.close()
                continue
            connection.setblocking(False)
            # asyncio does it only for sockets that name their protocol; without it a TLS reply waits 40 ms for an ACK.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.accepted(connection)


def _bound(host: str, port: int) -> socket.socket:
    made = socket.socket()
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made
