"""What is wrong with `server`, and what its operator should know: certificate, users, what is open to the network."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path as FilePath

from monitor.config.certificate import UnfitCertificateError, present
from monitor.config.mistakes import Mistake, quoted
from monitor.config.schema import Server
from monitor.config.tree import Document
from monitor.model import ServerTls

WEAK = 10
"""bcrypt costs below this are tried in well under a tenth of a second."""
DEAR = 14
"""Above this one try takes seconds: whoever logs in waits as long, and others behind him."""


def server_tls(written: Server, directory: FilePath) -> ServerTls | None:
    """The files; relative paths start at `directory`."""
    if written.tls is None:
        return None
    cert, key = ((directory / path).absolute() for path in (written.tls.cert, written.tls.key))
    return ServerTls(cert=str(cert), key=str(key))


def refused(written: Server, document: Document, directory: FilePath) -> Iterator[Mistake]:
    """A certificate that cannot be used, users that nobody could be."""
    if (tls := server_tls(written, directory)) is not None:
        try:
            present(tls)
        except UnfitCertificateError as unfit:
            yield document.mistake(("server", "tls", unfit.key), unfit.found, unfit.meant)
    users = written.basic_auth
    if users is not None and not users:
        meant = "name a user, or leave it out: then everybody may read"
        yield document.mistake(("server", "basic_auth"), "no users", meant)
    for user in users or ():
        if not re.fullmatch(r"[^:]{1,100}", user) or not user.isprintable():
            path = ("server", "basic_auth", user)
            meant = "printable characters without a colon are meant"
            yield document.mistake(path, f"the user {quoted(user)}", meant, at_key=True)


def notes(written: Server) -> Iterator[str]:
    """What is sound and still worth a word."""
    if written.tls is None and not _only_here(written.listen[0]) and (written.basic_auth or written.token):
        yield (
            "server: listens beyond this machine without tls: the token and passwords can be read on the way "
            "unless a reverse proxy encrypts"
        )
    for user, hash_ in (written.basic_auth or {}).items():
        cost = int(hash_[4:6])
        if cost < WEAK:
            yield f"server: the hash of {user} is cheap to guess (cost {cost}); {WEAK} or more is usual"
        if cost > DEAR:
            yield f"server: the hash of {user} is so dear (cost {cost}) that each login takes seconds; 12 is usual"


def _only_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
