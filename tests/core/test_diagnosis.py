"""Whose fault it most likely is: the contract's table, situation by situation (`situation.py` says how to read one)."""

from __future__ import annotations

import pytest

from monitor.core.diagnosis import diagnose_local
from monitor.core.facts import local_facts
from monitor.model import Cause, Diagnosis
from tests.core.situation import Situation


def case(answer: str, service: str = "verify", **given: str) -> tuple[str, str, dict[str, str]]:
    """One line of the table."""
    return answer, service, given


# fmt: off
TABLE = {
    # nothing is wrong, or nothing is known
    "all answer": case("healthy"),
    "nothing has run": case("undetermined", verify=""),
    "two failing runs confirm nothing": case("healthy", verify="++--"),
    "a first failing run of a new target": case("undetermined", verify="-"),
    "confirmed slow": case("slow", verify="++sss"),
    "slow twice is not confirmed": case("healthy", verify="++ss"),
    "a certificate that cannot be verified, reported": case("healthy", verify="uu"),
    "it is back": case("healthy", verify="++---++"),
    "throttled": case("throttled", verify="++t"),
    "throttled in the middle of a local fault": case("throttled", verify="++t", controls="---"),

    # planned
    "down inside a window": case("maintenance", verify="++---", window="open"),
    "its maintenance page inside a window": case("maintenance", verify="++mmm", window="open"),
    "a shape nobody knows inside a window": case("maintenance", verify="++ddd", window="open"),
    "blocked inside a window": case("maintenance", verify="++bbb", window="open"),
    "down inside a window for all": case("maintenance", verify="++---", window="of all"),
    "down inside a window with our network down": case("maintenance", verify="++---", window="open", controls="---"),
    "down inside a window with everyone else": case("maintenance", verify="++---", window="open", others="11:---"),
    "up inside a window": case("healthy", window="open"),
    "down, another service has a window": case("provincial_outage", verify="++---", window="of dppt"),
    "down, another authority has a window": case("provincial_outage", verify="++---", window="of another"),
    "down, a window is to come": case("provincial_outage", verify="++---", window="to come"),
    "down since a window that is over": case("maintenance_overrun", verify="++---", window="over"),
    "so, and references say it works": case("maintenance_overrun", verify="++---", window="over", refs="+ +"),
    "so, but it came back meanwhile": case("healthy", verify="++---++", window="over"),
    "down since after a window": case("provincial_outage", verify="++---", window="over before it failed"),
    "down since before a window": case("provincial_outage", verify="++---", window="begun after it failed, and over"),
    "the other service of a window": case("maintenance", "dppt", dppt="++---", window="of dppt"),

    # nobody looked at the authority
    "a log of ours": case("undetermined", "issuing", log="++lll"),
    "so from its first look": case("undetermined", "issuing", log="lll"),
    "so, and references speak of another service": case("undetermined", "issuing", log="++lll", refs="-"),
    "so, of the service of which they speak": case("provincial_outage", log="++lll", log_of="verify", refs="-"),
    "so, and they say that it works": case("undetermined", log="++lll", log_of="verify", refs="+"),
    "so, and our own probe fails too": case("provincial_outage", verify="++---", log="++lll", log_of="verify"),
    "so, and the country is down": case("national_outage", log="++lll", log_of="verify", others="11:---"),

    # it is us
    "a wall or a challenge": case("blocked", verify="++bbb"),
    "shut out by code 020": case("blocked", verify="++!"),
    "a credential is refused": case("credential", "sync", sync="++ccc"),
    "the proxy fails": case("misconfigured", verify="++ppp"),
    "our own request is wrong": case("misconfigured", verify="++www"),
    "names are hijacked": case("misconfigured", verify="++hhh"),
    "blocked, although a reference says it works": case("blocked", verify="++bbb", refs="+"),
    "blocked, in the middle of a local fault": case("blocked", verify="++bbb", controls="---"),
    "ours beside a real failure is not only ours": case("provincial_outage", verify="++---", captcha="++bbb"),

    # it is our network
    "all controls fail": case("local_network", verify="++---", controls="---"),
    "all controls fail by name": case("local_dns", verify="++nnn", controls="nnn"),
    "all controls fail by trust": case("local_trust", verify="++xxx", controls="xxx"),
    "all controls fail, this one answers": case("local_network", controls="---"),
    "all controls fail, so do all": case("local_network", verify="++---", others="11:---", controls="---"),
    "controls work, all fail, others say they work": case("local_network", verify="++---", others="11:---", refs="+"),
    "so by name": case("local_dns", verify="++nnn", others="11:nnn", refs="+"),
    "so by trust": case("local_trust", verify="++xxx", others="11:xxx", refs="+"),
    "so without controls": case("local_network", verify="++---", others="11:---", refs="+", controls=""),
    "ten of twelve are a share of 0.8": case("local_network", verify="++---", others="9:---", refs="+"),
    "nine of twelve are not": case("national_outage", verify="++---", others="8:---", refs="+"),
    "all fail, one source of two says they work": case("national_outage", verify="++---", others="11:---", refs="+ -"),
    "all fail, only a stale one says they work": case("national_outage", verify="++---", others="11:---", refs="~+"),
    "all fail, it says only this one works": case("national_outage", verify="++---", others="11:---", refs="+", of_others="-"),
    "all that are not in a window fail": case("maintenance", verify="++---", others="11:---", refs="+", window="open"),

    # it is us: trust, clock, firewall
    "a third fails by trust, and all that fails does": case("local_trust", verify="++xxx", others="3:xxx"),
    "so, and another fails by silence": case("national_outage", verify="++xxx", others="3:xxx 1:---"),
    "so, and references agree that they are down": case("national_outage", verify="++xxx", others="3:xxx", refs="-"),
    "so, and our clock is right": case("national_outage", verify="++xxx", others="3:xxx", clock="-10 0 10"),
    "two fail by trust": case("provincial_outage", verify="++xxx", others="1:xxx"),
    "expired by our clock, valid by the clocks of others": case("local_trust", verify="++xxx", clock="-3600 -3601 -3599"),
    "so, and most of the others agree": case("local_trust", verify="++xxx", clock="-3600 -3601 -3599 0 -3590"),
    "so, but they do not agree": case("provincial_outage", verify="++xxx", clock="-3600 0 9000"),
    "so, but only two say so": case("provincial_outage", verify="++xxx", clock="-3600 -3600"),
    "expired by everybody's clock": case("provincial_outage", verify="++xxx", clock="-10 0 10"),
    "our clock is wrong, but not by so much": case("provincial_outage", verify="++xxx", clock="-900 -900 -900"),
    "our clock is wrong the other way": case("provincial_outage", verify="++xxx", clock="3600 3600 3600"),
    "silence is not explained by our clock": case("provincial_outage", verify="++---", clock="-3600 -3600 -3600"),
    "all odd ports are shut, all others open": case("local_network", verify="++rrr", others="2:rrr", ports="3"),
    "so, but references say they are down": case("provincial_outage", verify="++rrr", others="2:rrr", ports="3", refs="-"),
    "one odd port is open": case("provincial_outage", verify="++rrr", others="2:rrr", ports="4"),
    "two odd ports are too few": case("provincial_outage", verify="++rrr", others="1:rrr", ports="2"),
    "a usual port is shut too": case("national_outage", verify="++rrr", others="3:rrr", ports="3"),
    "odd ports that connect and then keep silent": case("provincial_outage", verify="++---", others="2:---", ports="3"),
    "an odd port that never answered is no witness": case("local_network", verify="++rrr", others="2:rrr 1:?nnn", ports="4"),

    # it is everyone's
    "four of twelve are down": case("national_outage", verify="++---", others="3:---"),
    "four of twelve, references agree": case("national_outage", verify="++---", others="3:---", refs="-"),
    "three of twelve are not a third": case("provincial_outage", verify="++---", others="2:---"),
    "four, one of them in a window": case("provincial_outage", verify="++---", others="3:---", window="of another"),
    "this one answers while others are down": case("healthy", others="5:---"),
    "those that never answered do not count": case("provincial_outage", verify="++---", others="1:--- 10:?---"),
    "one that never answered is no part of it": case("undetermined", verify="---", others="6:---"),
    "others are blocked, which is ours": case("provincial_outage", verify="++---", others="6:bbb"),
    "sync lags while the nation is down": case("national_outage", "sync", sync="++yyy", others="6:---"),

    # what the runs alone say
    "one address of several fails": case("cdn_node", verify="+a"),
    "one target meets a dead address, another fails": case("cdn_node", verify="+a", captcha="++---"),
    "so, but of another host": case("provincial_outage", verify="+a", captcha="++---", host="elsewhere.example"),
    "sync lags": case("sync_delay", "sync", sync="++yyy"),
    "a record is missing": case("sync_delay", "sync", sync="++eee"),
    "counts differ": case("sync_delay", "sync", sync="++kkk"),
    "most changed their shape": case("protocol_changed", verify="++ddd", others="6:ddd"),
    "most refuse what they accepted": case("protocol_changed", verify="++f", others="6:f"),
    "some changed, some refuse": case("protocol_changed", verify="++f", others="3:f 3:ddd"),
    "it always refused": case("healthy", verify="ff", others="11:?ff"),
    "only this one changed its shape": case("undetermined", verify="++ddd"),
    "only this one refuses": case("healthy", verify="++f"),
    "it accepts again": case("healthy", verify="++f+", others="6:f"),

    # what others say
    "down, and so they say": case("provincial_outage", verify="++---", refs="-"),
    "down, and there is no reference": case("provincial_outage", verify="++---"),
    "down, and none has a row": case("provincial_outage", verify="++---", refs="."),
    "down, and only a stale one says it works": case("provincial_outage", verify="++---", refs="~+"),
    "down here alone": case("path_from_here", verify="++---", refs="+"),
    "two of three say it works": case("path_from_here", verify="++---", refs="+ + -"),
    "one says so, another does not": case("undetermined", verify="++---", refs="+ -"),
    "it works for the fresh one": case("path_from_here", verify="++---", refs="+ ~-"),
    "status 503 here, fine elsewhere": case("path_from_here", verify="++555", refs="+"),
    "up here, down elsewhere": case("healthy", refs="- -"),
    "they speak of the main service only": case("provincial_outage", "dppt", dppt="++---", refs="+"),
    "never answered, and nobody else knows": case("undetermined", verify="---"),
    "never answered here, works elsewhere": case("path_from_here", verify="---", refs="+"),
}


# fmt: on
def test_the_table_is_long_enough():
    assert len(TABLE) >= 100


@pytest.mark.parametrize(("answer", "service", "given"), TABLE.values(), ids=TABLE)
def test_the_diagnosis(answer, service, given):
    assert Situation(**given).of(service)[0] == answer


def test_every_diagnosis_stands_in_the_table():
    assert {answer for answer, *_ in TABLE.values()} == set(Diagnosis)


# fmt: off
FACTS = {
    "nothing to say": ({}, ()),
    "down": ({"verify": "++---"}, ("targets_failing=1/2", "controls_failing=0/2")),
    "without controls": ({"verify": "++---", "controls": ""}, ("targets_failing=1/2", "no_controls")),
    "the controls failed once": ({"verify": "++---", "controls": "+-"}, ("targets_failing=1/2", "controls_failing=2/2")),
    "references agree": ({"verify": "++---", "refs": "- -"}, ("targets_failing=1/2", "controls_failing=0/2", "references_ok=0/2")),
    "references disagree": ({"verify": "++---", "refs": "+ + -"}, ("targets_failing=1/2", "controls_failing=0/2", "references_ok=2/3")),
    "a stale one beside a fresh one": ({"verify": "++---", "refs": "+ ~-"}, ("targets_failing=1/2", "controls_failing=0/2", "references_ok=1/1", "references_stale=1")),
    "only stale ones": ({"verify": "++---", "refs": "~+ ~-"}, ("targets_failing=1/2", "controls_failing=0/2", "references_stale=2")),
    "none has a row": ({"verify": "++---", "refs": "."}, ("targets_failing=1/2", "controls_failing=0/2", "no_reference")),
    "in a window": ({"verify": "++---", "window": "open"}, ("targets_failing=1/2", "window=upgrade", "controls_failing=0/2")),
    "after a window": ({"verify": "++---", "window": "over"}, ("targets_failing=1/2", "window_over=upgrade", "controls_failing=0/2")),
    "national": ({"verify": "++---", "others": "4:---"}, ("targets_failing=1/2", "controls_failing=0/2", "down=5/12")),
    "a status": ({"verify": "++555"}, ("targets_failing=1/2", "status=503", "controls_failing=0/2")),
    "a node of several": ({"verify": "+a"}, ("address_failed=10.0.0.1",)),
    "most refuse": ({"verify": "++f", "others": "6:f"}, ("drifted=7/12",)),
    "blocked: what references say proves nothing": ({"verify": "++bbb", "refs": "+"}, ("targets_failing=1/2", "status=412", "controls_failing=0/2")),
    "all by trust": ({"verify": "++xxx", "others": "3:xxx"}, ("targets_failing=1/2", "controls_failing=0/2")),
    "a clock of ours that is behind": ({"verify": "++xxx", "clock": "7200 7200 7200"}, ("targets_failing=1/2", "controls_failing=0/2", "clock=-2h")),
    "a clock of ours that is ahead": ({"verify": "++xxx", "clock": "-180 -180 -180"}, ("targets_failing=1/2", "controls_failing=0/2", "clock=+3m")),
    "odd ports": ({"verify": "++rrr", "others": "2:rrr", "ports": "3"}, ("targets_failing=1/2", "controls_failing=0/2", "odd_ports=3")),
    "one network": ({"verify": "++---", "others": "2:---", "network": "3:192.0.2."}, ("targets_failing=1/2", "controls_failing=0/2", "shared_network=3/192.0.2.0/24")),
    "one network, where another works": ({"verify": "++---", "others": "2:---", "network": "4:192.0.2."}, ("targets_failing=1/2", "controls_failing=0/2")),
    "one network, and a fourth elsewhere": ({"verify": "++---", "others": "3:---", "network": "3:192.0.2."}, ("targets_failing=1/2", "controls_failing=0/2", "shared_network=3/192.0.2.0/24", "down=4/12")),
    "one network of version 6": ({"verify": "++---", "others": "2:---", "network": "3:2001:db8::"}, ("targets_failing=1/2", "controls_failing=0/2", "shared_network=3/2001:db8::/48")),
    "this machine is no network": ({"verify": "++---", "others": "2:---", "network": "3:127.0.0."}, ("targets_failing=1/2", "controls_failing=0/2")),
    "a log of ours": ({"verify": "", "log": "++lll", "log_of": "verify"}, ("targets_failing=1/3", "seen_here=log", "found=device-lost", "controls_failing=0/2")),
    "a log of ours that was never well": ({"verify": "", "log": "lll", "log_of": "verify"}, ("targets_failing=1/3", "seen_here=log", "found=device-lost", "controls_failing=0/2")),
    "never right": ({"verify": "kkk"}, ("targets_failing=1/2", "never_right", "controls_failing=0/2")),
    "never answered": ({"verify": "---"}, ("targets_failing=1/2", "never_answered", "controls_failing=0/2")),
}


# fmt: on
@pytest.mark.parametrize(("given", "found"), FACTS.values(), ids=FACTS)
def test_the_facts(given, found):
    assert Situation(**given).of()[1] == found


LOCAL = {
    "by the controls": ({"controls": "---"}, "local_network", ("controls_failing=2/2", "down=0/12")),
    "by the share": (
        {"verify": "++---", "others": "10:---", "refs": "+"},
        "local_network",
        ("controls_failing=0/2", "failing_together=11/12"),
    ),
    "by trust": (
        {"verify": "++xxx", "others": "3:xxx"},
        "local_trust",
        ("controls_failing=0/2", "all_by_trust=4"),
    ),
    "by both": (
        {"verify": "++---", "others": "11:---", "refs": "+", "controls": "nnn"},
        "local_dns",
        ("controls_failing=2/2", "failing_together=12/12", "down=12/12"),
    ),
    "not at all": ({}, "healthy", ("controls_failing=0/2",)),
}


@pytest.mark.parametrize(("given", "answer", "found"), LOCAL.values(), ids=LOCAL)
def test_our_own_network(given, answer, found):
    known = Situation(**given)
    local = known.around.local
    assert diagnose_local(local) == answer
    assert local_facts(known.plan, known.states, local) == found


def test_what_fails_together_is_to_blame_when_controls_are_not():
    local = Situation(verify="++---", others="10:nnn", refs="+").around.local
    assert local.holds
    assert len(local.failing) == 11
    assert local.failing[0].cause is Cause.DNS_NXDOMAIN, "the earliest on the way"


def test_two_authorities_can_both_fail_by_chance():
    few = Situation(verify="++---", others="1:--- 10:", refs="+")
    assert len(few.plan.by_authority) == 3
    assert few.of()[0] == "path_from_here"


def test_the_share_is_counted_outside_windows():
    """Eleven have a window, so the one that fails is all there is: too few to say that it is us."""
    known = Situation(verify="++---", others="11:---", refs="+", window="of all others")
    assert not known.around.local.holds
    assert known.of()[0] == "path_from_here"
