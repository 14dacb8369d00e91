"""Whose fault an incident is said to be, as references look at it before it, during it and at its end."""

from __future__ import annotations

from monitor.model import (
    Diagnosis,
    Incident,
    Outcome,
    ReferenceReading,
    ReferenceRow,
    ReferenceSource,
    Verdict,
)
from monitor.notify.text import title_and_text
from tests.core.notation import HOUR, SLUGS, World, control, looks, plan_of, six, target, told_down


def reading(world: World, outcome: Outcome) -> None:
    """What the reference says of anhui now."""
    row = ReferenceRow(authority="anhui", outcome=outcome, checked_at=world.now)
    world.event(ReferenceReading(source="hq", read_at=world.now, up=True, rows=(row,)))


def test_whose_fault_it_is_is_told_when_a_reference_changes_its_word():
    world = World(six(references=(ReferenceSource(name="hq", url="http://hq", stale_after=HOUR),)))
    world.warm()
    reading(world, Outcome.OK)
    told_down(world)
    opened = world.told[0]
    assert (opened.incidents[0].diagnosis, opened.incidents[0].verdict) == (
        Diagnosis.PATH_FROM_HERE, Verdict.ONLY_US_DOWN,
    )  # fmt: skip
    assert [(vote.source, vote.outcome, vote.stale) for vote in opened.reference] == [
        ("hq", Outcome.OK, False)
    ]
    reading(world, Outcome.TIMEOUT)
    world.pass_time(200)
    assert world.events == ["incident_opened", "incident_changed"]
    assert world.told[1].incidents[0].diagnosis is Diagnosis.PROVINCIAL_OUTAGE
    assert world.told[1].incidents[0].verdict is Verdict.AGREE_DOWN


def beside_hq() -> World:
    """Six authorities that answer, and a reference that is not asked yet."""
    world = World(six(references=(ReferenceSource(name="hq", url="http://hq", stale_after=HOUR),)))
    world.warm()
    return world


def believed(incident: Incident) -> tuple[str, str, tuple[str, ...]]:
    """Whose fault it is, who agrees, and what the references are said to say."""
    said = tuple(fact for fact in incident.facts if "reference" in fact)
    return str(incident.diagnosis), str(incident.verdict), said


OTHERS_DOWN = ("provincial_outage", "agree_down", ("references_ok=0/1",))
ONLY_WE = ("path_from_here", "only_us_down", ("references_ok=1/1",))


def test_the_first_failing_run_of_a_row_wants_the_references():
    world = beside_hq()
    wanted = [world.see("reach/anhui", sign).first_failure for sign in "+-" + "---+-++-"]
    assert wanted == [False, True, *[False] * 7, True]


def test_a_reference_that_looked_before_the_failure_is_not_said_to_see_it_work():
    world = beside_hq()
    reading(world, Outcome.OK)
    world.pass_time(38)
    told_down(world)
    assert believed(world.told[0].incidents[0]) == (*ONLY_WE[:2], ("references_before=1/1",))
    text = title_and_text(world.told[0], world.plan)[1]
    assert "Not certain yet" in text
    assert "Wait for the reference's next look" in text
    assert "we see it down" not in text
    reading(world, Outcome.OK)
    looks(world, "-")
    assert believed(world.open[0]) == ONLY_WE, "it has looked since, and so have we"


def looks_every(world: World, seconds: float) -> None:
    """The reference is seen to look again and again, so many seconds apart, the last time half a minute ago."""
    for _ in range(2):
        reading(world, Outcome.OK)
        world.pass_time(seconds)
    reading(world, Outcome.OK)
    world.pass_time(30)


def test_a_reference_that_is_about_to_look_again_has_no_word_on_what_it_saw_before():
    world = beside_hq()
    looks_every(world, 60)
    told_down(world)
    fault, _, said = believed(world.told[0].incidents[0])
    assert (fault, said) == ("provincial_outage", ("references_before=1/1",))
    reading(world, Outcome.OK)
    looks(world, "-")
    world.pass_time(200)
    assert believed(world.told[1].incidents[0]) == ONLY_WE, "it has looked since, and sees it work"


def test_a_look_that_we_read_only_after_our_own_next_run_counts_as_well():
    world = beside_hq()
    looks_every(world, 300)
    told_down(world)
    world.pass_time(240)
    row = ReferenceRow(authority="anhui", outcome=Outcome.OK, checked_at=world.now)
    world.pass_time(10)
    world.see("reach/anhui", "-")
    world.pass_time(5)
    assert believed(world.open[0])[0] == "provincial_outage"
    world.event(ReferenceReading(source="hq", read_at=world.now, up=True, rows=(row,)))
    world.pass_time(1)
    assert believed(world.open[0]) == ONLY_WE


def test_a_reference_that_stopped_looking_is_believed_until_it_is_stale():
    world = beside_hq()
    looks_every(world, 60)
    told_down(world)
    world.pass_time(59)
    assert believed(world.open[0])[0] == "provincial_outage"
    world.pass_time(60)
    assert believed(world.open[0])[0] == "path_from_here"


def test_a_look_in_the_second_before_a_failure_was_a_look_at_it():
    world = beside_hq()
    looks_every(world, 60)
    reading(world, Outcome.OK)
    world.pass_time(1)
    told_down(world)
    assert believed(world.told[0].incidents[0])[0] == "path_from_here"


def test_a_reference_that_looked_since_the_failure_is_believed_at_once():
    world = beside_hq()
    reading(world, Outcome.OK)
    world.pass_time(38)
    world.play({"reach/anhui": "---"})
    reading(world, Outcome.TIMEOUT)
    world.pass_time(10)
    assert believed(world.told[0].incidents[0]) == OTHERS_DOWN


def test_a_reference_that_recovers_first_does_not_turn_the_blame():
    world = beside_hq()
    reading(world, Outcome.TIMEOUT)
    told_down(world)
    world.pass_time(30)
    reading(world, Outcome.OK)
    world.pass_time(20)
    assert believed(world.open[0]) == OTHERS_DOWN
    world.play({"reach/anhui": "++"})
    world.pass_time(20)
    assert world.events == ["incident_opened", "incident_resolved"]
    assert believed(world.told[1].incidents[0]) == OTHERS_DOWN


def test_a_reference_that_sees_it_work_is_believed_once_we_have_failed_again():
    world = beside_hq()
    reading(world, Outcome.TIMEOUT)
    told_down(world)
    world.pass_time(30)
    reading(world, Outcome.OK)
    world.pass_time(20)
    assert believed(world.open[0]) == OTHERS_DOWN
    looks(world, "-")
    assert believed(world.open[0]) == ONLY_WE
    world.play({"reach/anhui": "++"})
    world.pass_time(20)
    assert world.events == ["incident_opened", "incident_resolved"]
    assert believed(world.told[1].incidents[0]) == OTHERS_DOWN, "as told, nothing against it"


def test_an_end_does_not_blame_the_path_because_a_reference_saw_the_mend_before_us():
    """Told as not certain yet; the reference then looked at what was mended already."""
    world = beside_hq()
    reading(world, Outcome.OK)
    world.pass_time(38)
    told_down(world)
    reading(world, Outcome.OK)
    world.play({"reach/anhui": "++"})
    world.pass_time(20)
    assert world.events == ["incident_opened", "incident_resolved"]
    said = ["Not certain yet" in title_and_text(note, world.plan)[1] for note in world.told]
    assert said == [True, True]


def test_an_end_repeats_what_the_last_reminder_said():
    world = beside_hq()
    reading(world, Outcome.OK)
    world.pass_time(38)
    told_down(world)
    reading(world, Outcome.OK)
    looks(world, "-")
    world.pass_time(4 * HOUR)
    world.play({"reach/anhui": "++"})
    world.pass_time(20)
    assert world.events[:: len(world.told) - 1] == ["incident_opened", "incident_resolved"]
    assert believed(world.told[-1].incidents[0])[2] == believed(world.told[-2].incidents[0])[2]


def of_all(world: World, outcome: Outcome) -> None:
    """What the reference says of all six now."""
    rows = tuple(ReferenceRow(authority=slug, outcome=outcome, checked_at=world.now) for slug in SLUGS)
    world.event(ReferenceReading(source="hq", read_at=world.now, up=True, rows=rows))


def test_who_is_still_down_after_a_nationwide_outage_ends_as_what_the_end_of_that_said():
    """That says: each province's own. A reference which saw them mended before us is no reason to blame the path."""
    world = beside_hq()
    of_all(world, Outcome.TIMEOUT)
    world.play({f"reach/{slug}": "---" for slug in SLUGS[:4]})
    world.pass_time(30)
    of_all(world, Outcome.OK)
    world.play({f"reach/{slug}": "++" for slug in SLUGS[1:4]})
    world.pass_time(60)
    assert [str(note.scope) for note in world.told] == ["national", "national"]
    assert world.told[1].still_down == ("anhui",)
    world.play({"reach/anhui": "++"})
    world.pass_time(20)
    assert world.heard[2:] == [("incident_resolved", ("anhui",))]
    assert world.told[2].incidents[0].diagnosis is Diagnosis.PROVINCIAL_OUTAGE


def test_of_another_service_than_the_main_one_a_reference_says_nothing():
    watched = (target("reach", "anhui"), target("dppt", "anhui", service="dppt"))
    plan = plan_of(*watched, references=(ReferenceSource(name="hq", url="http://hq", stale_after=HOUR),))
    world = World(plan)
    world.warm()
    reading(world, Outcome.OK)
    world.play({"dppt/anhui": "---"})
    world.pass_time(10)
    assert [(note.incidents[0].service, note.reference) for note in world.told] == [("dppt", ())]
    assert "Reference:" not in title_and_text(world.told[0], plan)[1]
    world.play({"reach/anhui": "---"})
    world.pass_time(10)
    assert [vote.source for vote in world.told[1].reference] == ["hq"]
    assert "Reference: hq: ok" in title_and_text(world.told[1], plan)[1]


def test_a_reference_that_goes_stale_changes_the_diagnosis_and_is_not_told():
    world = World(six(references=(ReferenceSource(name="hq", url="http://hq", stale_after=600),)))
    world.warm()
    reading(world, Outcome.OK)
    told_down(world)
    world.pass_time(HOUR)
    assert world.open[0].diagnosis is Diagnosis.PROVINCIAL_OUTAGE
    assert world.open[0].verdict is Verdict.REFERENCE_STALE
    assert world.events == ["incident_opened"]


def test_a_nationwide_word_that_references_deny_waits_for_those_that_fail_already():
    """A false page of the simulator: 17 of 36 were down nationwide, and two seconds later it was our own network."""
    slugs = [f"a{number:02}" for number in range(9)]
    hq = ReferenceSource(name="hq", url="http://hq", stale_after=HOUR)
    world = World(plan_of(*(target("reach", slug) for slug in slugs), control("internet"), references=(hq,)))
    world.warm()
    rows = tuple(ReferenceRow(authority=slug, outcome=Outcome.OK, checked_at=world.now) for slug in slugs)
    world.event(ReferenceReading(source="hq", read_at=world.now, up=True, rows=rows))
    first, later = ([f"reach/{slug}" for slug in part] for part in (slugs[:4], slugs[4:]))
    world.play({**dict.fromkeys(first, "---"), "internet": "..+", **dict.fromkeys(later, "..--")})
    assert world.told == [], "all nine fail by now, and others say that they work"
    world.play(dict.fromkeys(later, "-"))
    world.pass_time(90)
    assert [(str(note.event), str(note.scope)) for note in world.told] == [("incident_opened", "local")]


def test_a_fault_of_ours_that_only_old_words_speak_for_waits_until_the_references_look_again():
    """A false page of a drawn year: 30 of 36 fell within a second, and a reference had seen them work half a minute before."""
    world = beside_hq()
    of_all(world, Outcome.OK)
    world.play({f"reach/{slug}": "---" for slug in SLUGS})
    world.pass_time(30)
    assert world.told == [], "they looked before it began"
    of_all(world, Outcome.TIMEOUT)
    world.play({f"reach/{slug}": "-" for slug in SLUGS})
    world.pass_time(30)
    assert [(str(note.event), str(note.scope)) for note in world.told] == [("incident_opened", "national")]


def test_if_they_do_not_look_again_within_a_minute_their_old_words_count():
    world = beside_hq()
    of_all(world, Outcome.OK)
    world.play({f"reach/{slug}": "---" for slug in SLUGS})
    world.pass_time(90)
    assert [(str(note.event), str(note.scope)) for note in world.told] == [("incident_opened", "local")]


def test_a_fault_of_ours_is_told_at_once_when_they_look_while_it_lasts():
    world = beside_hq()
    world.play({f"reach/{slug}": "---" for slug in SLUGS})
    of_all(world, Outcome.OK)
    world.pass_time(15)
    assert [(str(note.event), str(note.scope)) for note in world.told] == [("incident_opened", "local")]


def test_references_that_looked_before_an_outage_are_asked_again_while_it_is_young():
    world = beside_hq()
    reading(world, Outcome.OK)
    world.pass_time(5)
    told_down(world)
    asked = [commit.at for commit in world.commits if commit.first_failure]
    world.pass_time(60)
    anew = [commit.at for commit in world.commits if commit.first_failure][len(asked) :]
    assert len(anew) >= 2, "every 15 s or so"
    reading(world, Outcome.TIMEOUT)
    world.pass_time(1)
    known = len([commit for commit in world.commits if commit.first_failure])
    world.pass_time(60)
    assert len([commit for commit in world.commits if commit.first_failure]) == known, "they have looked"
