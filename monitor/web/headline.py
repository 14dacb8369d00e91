"""The sentence on top of the status page: what is true now, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.core.status import Status
from monitor.model import AuthorityState, Diagnosis
from monitor.notify.advice import Case, advise, step_by
from monitor.web.lens import SIGNS, Lens

WEAKER = ("never", "unknown", "degraded")
"""Troubles that are no outage, in the order in which the headline speaks of them."""
LESSER = (*WEAKER, "maintenance")
"""What the headline adds in short sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """What is true now, in one sentence. `kind` colours it: ok, warn, bad, wait."""

    kind: str
    sign: str
    sentence: str
    hint: str = ""
    """What to do next, where there is something."""


def headline(lens: Lens, status: Status) -> Headline:
    """Our own network first, because without it nothing is known of the others; then the worst that holds."""
    if status.local.state is AuthorityState.DOWN:
        return _ours(lens, status.local.diagnosis)
    slugs = _sorted(status)
    total = len(status.authorities)
    done = sum(row.outcome is not None for row in status.authorities)
    if not total:
        return Headline(kind="wait", sign=SIGNS["unknown"], sentence=lens.say("nothing"))
    if slugs["down"]:
        return _broken(lens, status, slugs)
    if done < total:
        return Headline(
            kind="wait", sign=SIGNS["timeout"], sentence=lens.say("starting", done=done, count=total)
        )
    for kind in WEAKER:
        if slugs[kind]:
            return _weaker(lens, kind, slugs)
    if resting := slugs["maintenance"]:
        sentence = lens.say("planned", count=len(resting), names=lens.names(resting), service=_main(lens))
        return Headline(kind="ok", sign=SIGNS["maintenance"], sentence=_capital(sentence))
    return Headline(
        kind="ok", sign=SIGNS["ok"], sentence=_capital(lens.say("fine", count=total, service=_main(lens)))
    )


def _sorted(status: Status) -> dict[str, list[str]]:
    """Slugs by what the headline says of them: the states, and `never` for what never answered since it was configured.

    An address from a second-hand registry that never answered is more likely wrong than down.
    """
    found: dict[str, list[str]] = {kind: [] for kind in ("never", *AuthorityState)}
    for row in status.authorities:
        never = row.state is AuthorityState.DOWN and not row.seen_up
        found["never" if never else row.state].append(row.authority)
    return found


def _also(lens: Lens, slugs: Mapping[str, Sequence[str]], kinds: Sequence[str]) -> list[str]:
    """The lesser troubles, each in a short sentence of its own."""
    return [lens.say(f"also_{kind}", count=len(slugs[kind])) for kind in kinds if slugs[kind]]


def _ours(lens: Lens, diagnosis: Diagnosis) -> Headline:
    sentence = lens.say("local", diagnosis=lens.words.diagnoses[diagnosis])
    return Headline(kind="bad", sign=SIGNS["down"], sentence=sentence, hint=lens.words.steps[diagnosis])


def _broken(lens: Lens, status: Status, slugs: Mapping[str, Sequence[str]]) -> Headline:
    down = slugs["down"]
    national = any(row.diagnosis is Diagnosis.NATIONAL_OUTAGE for row in status.authorities)
    sentence = lens.say(
        "national" if national else "down", count=len(down), service=_main(lens), names=lens.names(down)
    )
    shared = (Diagnosis.NATIONAL_OUTAGE, "") if national else _shared(status)
    places, services = [lens.name(slug) for slug in down], [lens.plan.judgement.main_service]
    hint = ""
    if shared is not None:
        hint = advise(lens.words, shared[0], by=shared[1], places=places, services=services).step
    text_of_all = lens.say("between").join([_capital(sentence), *_also(lens, slugs, LESSER)])
    return Headline(kind="bad", sign=SIGNS["down"], sentence=text_of_all, hint=hint)


def _shared(status: Status) -> tuple[Diagnosis, str] | None:
    """Diagnosis and step that all that are down have in common; None where each has its own, told in the list of incidents."""
    found = {
        (row.diagnosis, step_by(row.diagnosis, row.cause, row.facts))
        for row in status.authorities
        if row.state is AuthorityState.DOWN and row.seen_up
    }
    return found.pop() if len(found) == 1 else None


def _weaker(lens: Lens, kind: str, slugs: Mapping[str, Sequence[str]]) -> Headline:
    found = slugs[kind]
    sentence = _capital(lens.say(kind, count=len(found), names=lens.names(found), service=_main(lens)))
    rest = LESSER[LESSER.index(kind) + 1 :]
    return Headline(
        kind="warn",
        sign=SIGNS["unknown" if kind == "never" else kind],
        sentence=lens.say("between").join([sentence, *_also(lens, slugs, rest)]),
        hint=lens.words.cases[Case.NEVER_UP]["step"] if kind == "never" else "",
    )


def _main(lens: Lens) -> str:
    return lens.words.service(lens.plan.judgement.main_service)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
