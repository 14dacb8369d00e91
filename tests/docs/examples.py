"""Completes the YAML fragments of the documents to whole configurations, by one rule.

A fragment says nothing of what it is not about: where it has no `version` or `probes`, those of BASE stand in for them.
Every `{env: NAME}` is set, every file that it names is there. `…` in a bcrypt hash stands for the rest of it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import trustme
import yaml

BASE = """\
probes:
  - {name: reach, kind: tls, each: authority, service: verify, host: "{verify_host}", port: "{verify_port}"}
  - {name: captcha, kind: captcha, each: authority}
  - {name: control, kind: tcp, role: control, host: 127.0.0.1, port: 53}
"""
HASH = "$2b$04$FEu5WL4TkP2RnZmsv0gMrOHb5bEkOHqcY86IRGNFGOW22T8cC3Xoi"
"""Of some password."""
ADDRESS = "json://127.0.0.1:9/hook"
PROXY = "http://127.0.0.1:3128"


def top_level(text: str) -> dict[str, Any]:
    """The keys of a YAML block, and what stands under them."""
    found: dict[str, Any] = yaml.load(text, Loader=yaml.BaseLoader)
    return found


def is_ours(text: str) -> bool:
    """Whether it is a (fragment of a) probes.yaml, or a catalogue, rather than a file of another program."""
    return not top_level(text).keys() & {
        "scrape_configs",
        "steps",
        "apiVersion",
        "groups",
        "rule_files",
        "route",
        "global",
    }


def completed(text: str) -> str:
    """A whole configuration that says what the fragment says."""
    keys = top_level(text)
    text = text.replace("$2b$12$…", HASH)
    head = "" if "version" in keys else "version: 1\n"
    return head + text + ("" if "probes" in keys else BASE)


def variables(text: str) -> dict[str, str]:
    """A value for every variable that it names."""
    names = re.findall(r"\{env: (\w+)\}", text)
    return {
        name: PROXY if "PROXY" in name else ADDRESS if name.endswith("URL") else "s3cret" for name in names
    }


def lay_out(text: str, folder: Path) -> str:
    """Make the files that it names; returns the text with those of /etc moved into `folder`."""
    text = text.replace("/etc/fapiao-monitor/", f"{folder}/")
    for name in re.findall(r"\$CREDENTIALS_DIRECTORY/([\w-]+)", text):
        (folder / name).write_text("http://127.0.0.1:9/ping" if "heartbeat" in name else ADDRESS)
    text = text.replace("$CREDENTIALS_DIRECTORY", str(folder))
    for use, name in re.findall(r"\b(file|cert|key|ca): ([\w./-]+\.\w+)", text):
        path = folder / name
        if path.is_relative_to(folder):
            path.write_bytes(_contents(use, name))
    return text


def _contents(use: str, name: str) -> bytes:
    if use == "file":
        return HASH.encode() if name.endswith("bcrypt") else b""
    authority, leaf = _certificates()
    if use == "key":
        return leaf.private_key_pem.bytes()
    return (authority.cert_pem if use == "ca" else leaf.cert_chain_pems[0]).bytes()


@cache
def _certificates() -> tuple[trustme.CA, trustme.LeafCert]:
    authority = trustme.CA()
    return authority, authority.issue_cert("monitor.example.cn")
