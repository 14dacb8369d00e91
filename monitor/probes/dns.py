"""Kind `dns`: asks every name server for the same name, each by itself, and for a random one beside it."""

from __future__ import annotations

from secrets import token_hex

from monitor.core.classify import Knowledge
from monitor.core.names import judge_names
from monitor.model import NameRules, Result, Seen, Target
from monitor.net import Admit, Net, Question
from monitor.probes.kind import Kind


async def look(target: Target, net: Net, admit: Admit) -> Seen:
    """All questions of one run at once. No connection is made to the host, so no leave is asked for."""
    return await net.ask(questions(target, token_hex(8)), timeout=target.timeout)


def questions(target: Target, random: str) -> tuple[Question, ...]:
    """What is asked of whom; `random` stands in the name that should not exist."""
    rules = target.names or NameRules()
    asked = [Question(resolver=one, name=target.host, record=rules.record) for one in rules.resolvers]
    if rules.random_name:
        record = rules.record if rules.record in ("A", "AAAA") else "A"
        name = beside(target.host, random)
        asked += [Question(resolver=one, name=name, record=record, decoy=True) for one in rules.resolvers]
    return tuple(asked)


def beside(host: str, random: str) -> str:
    """A name under the same parent as `host`, that should not exist."""
    _, dot, parent = host.rstrip(".").partition(".")
    return f"x{random}{dot}{parent}"


def judge(target: Target, seen: Seen, knowledge: Knowledge) -> Result:
    """Honest answers from at least half of the name servers."""
    return judge_names(target, seen)


KIND = Kind(look=look, judge=judge)
