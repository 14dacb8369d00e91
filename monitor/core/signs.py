"""The words for what evidence says: clues, at whom each points, and whose a failure is by its diagnosis alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.model import Diagnosis, Hop, Result


class Party(StrEnum):
    """Whose it most likely is."""

    US = "us"
    """This machine, its configuration, or its own network."""
    WAY = "way"
    """What lies between our network and theirs."""
    THEM = "them"
    NOBODY = "nobody"
    """Nothing is wrong, or it is planned."""
    UNCLEAR = "unclear"
    """What is known does not tell."""


BY_DIAGNOSIS: Mapping[Diagnosis, Party] = {
    Diagnosis.MAINTENANCE: Party.NOBODY,
    Diagnosis.MAINTENANCE_OVERRUN: Party.THEM,
    Diagnosis.BLOCKED: Party.US,
    Diagnosis.THROTTLED: Party.US,
    Diagnosis.CREDENTIAL: Party.US,
    Diagnosis.MISCONFIGURED: Party.US,
    Diagnosis.LOCAL_DNS: Party.US,
    Diagnosis.LOCAL_TRUST: Party.US,
    Diagnosis.LOCAL_NETWORK: Party.US,
    Diagnosis.NATIONAL_OUTAGE: Party.THEM,
    Diagnosis.CDN_NODE: Party.THEM,
    Diagnosis.SYNC_DELAY: Party.THEM,
    Diagnosis.PROTOCOL_CHANGED: Party.THEM,
    Diagnosis.PATH_FROM_HERE: Party.WAY,
    Diagnosis.PROVINCIAL_OUTAGE: Party.THEM,
    Diagnosis.SLOW: Party.THEM,
    Diagnosis.HEALTHY: Party.NOBODY,
    Diagnosis.UNDETERMINED: Party.UNCLEAR,
}


class Sign(StrEnum):
    """Names of clues."""

    SERVERS_DISAGREE = "servers_disagree"
    """`good`, `bad`: one name server gives an address, ours does not."""
    SERVERS_DIFFER = "servers_differ"
    """`one`, `other`: both give addresses, and none in common."""
    SERVERS_AGREE = "servers_agree"
    """`count` name servers, independent of each other, say the same."""
    ONE_SERVER = "one_server"
    """`bad`: only one name server could be asked: whether others say the same is not known."""
    OTHER_NAMES_WORK = "other_names_work"
    """`count` other names were resolved at the same time."""
    NO_NAMES = "no_names"
    """`count`: so many other names were asked for at the same time, and none was resolved."""
    NAMES_DEAD = "names_dead"
    """`count`: the same, where what failed was asked for no name: there is nothing to compare it with."""
    WAY_ENDS_HERE = "way_ends_here"
    """`ttl`, `address`: the last router that answers is in our own network."""
    WAY_ENDS_BETWEEN = "way_ends_between"
    """`ttl`, `address`: the last router that answers is neither ours nor theirs."""
    WAY_ENDS_THERE = "way_ends_there"
    """`ttl`, `address`: the last router that answers is in the network of the host."""
    WAY_SILENT = "way_silent"
    """`ttl`, `address`: the same, but beyond our network no router answers us on the way to what works either."""
    WAY_REACHES = "way_reaches"
    """`ttl`: the host itself answers the packets."""
    NO_WAY = "no_way"
    """This machine refused by itself: it knows no way there, or a filter of its own forbids it."""
    NO_WAY_THERE = "no_way_there"
    """`count`: the same, and all others, so many, could be connected to: it is about that address."""
    SPECIAL_ADDRESS = "special_address"
    """`address`: the name leads to an address that no host on the internet has."""
    HOST_REFUSES = "host_refuses"
    """`ms`: the host answered that nothing listens on that port."""
    SOME_ADDRESSES = "some_addresses"
    """`good`, `bad`: some addresses of the host can be connected to."""
    ACCEPTED_SILENT = "accepted_silent"
    """`connect`, `seconds`: connected at once, then not one byte."""
    CUT_IN_HELLO = "cut_in_hello"
    """`connect`: connected, and cut off during the handshake, before anything was asked."""
    CUT_AFTER_REQUEST = "cut_after_request"
    """`tls`: the handshake was done, and the connection was cut after the request."""
    CUT_IN_REPLY = "cut_in_reply"
    """The reply had begun."""
    CODE_UNKNOWN = "code_unknown"
    """`code`: it is in no catalogue, and may be about them as well as about our request."""
    ONLY_IT = "only_it"
    """`count`: so many others, looked at in the same way at the same time, all answer as they should."""
    CLOCK_WRONG = "clock_wrong"
    """`offset`: by the servers' clocks the certificate is valid; ours is wrong."""
    CLOCK_RIGHT = "clock_right"
    """Our clock agrees with those of the servers."""
    CLOCK_UNKNOWN = "clock_unknown"
    """Too few servers said what time it is."""
    OUT_OF_TIME = "out_of_time"
    """`since`, `until`: the time for which the certificate was issued."""
    ABOVE_OUT_OF_TIME = "above_out_of_time"
    """`subject`, `since`, `until`: a certificate above it in the chain, and the time for which that one was issued."""
    FOR_OTHERS = "for_others"
    """`names`: for whom the certificate is."""
    ISSUED_BY = "issued_by"
    """`issuer`: who signed the certificate that is not trusted."""
    TRUST_WORKS = "trust_works"
    """`count` other certificates were verified at the same time."""
    TRUST_FAILS = "trust_fails"
    """`count` others failed for want of trust as well, and none was verified."""
    TRUST_SPLIT = "trust_split"
    """No other authority, `count`, is trusted, while `verified` certificates of others were: they may share a root that is missing here."""
    SEVERAL_FAIL = "several_fail"
    """`count` of `total` authorities looked at fail; how many of the `watched` do cannot be seen from so few."""
    READS_NO_PAST = "reads_no_past"
    """One look at a log reads no line that stood there before."""


POINTS: Mapping[Sign, Party] = {
    Sign.SERVERS_DISAGREE: Party.US,
    Sign.SERVERS_AGREE: Party.THEM,
    Sign.ONE_SERVER: Party.UNCLEAR,
    Sign.OTHER_NAMES_WORK: Party.THEM,
    Sign.NO_NAMES: Party.US,
    Sign.NAMES_DEAD: Party.UNCLEAR,
    Sign.WAY_ENDS_HERE: Party.US,
    Sign.WAY_ENDS_BETWEEN: Party.WAY,
    Sign.WAY_ENDS_THERE: Party.THEM,
    Sign.WAY_REACHES: Party.THEM,
    Sign.NO_WAY: Party.US,
    Sign.NO_WAY_THERE: Party.THEM,
    Sign.HOST_REFUSES: Party.THEM,
    Sign.SOME_ADDRESSES: Party.THEM,
    Sign.ACCEPTED_SILENT: Party.THEM,
    Sign.CUT_IN_HELLO: Party.WAY,
    Sign.CUT_AFTER_REQUEST: Party.THEM,
    Sign.CUT_IN_REPLY: Party.THEM,
    Sign.CODE_UNKNOWN: Party.UNCLEAR,
    Sign.ONLY_IT: Party.THEM,
    Sign.CLOCK_WRONG: Party.US,
    Sign.CLOCK_RIGHT: Party.THEM,
    Sign.TRUST_WORKS: Party.THEM,
    Sign.TRUST_FAILS: Party.US,
    Sign.TRUST_SPLIT: Party.UNCLEAR,
    Sign.READS_NO_PAST: Party.UNCLEAR,
}
"""At whom a clue points; the others tell and point at nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """One thing that the evidence says."""

    sign: Sign
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def points_at(self) -> Party | None:
        """At whom it points; None: at nobody."""
        return POINTS.get(self.sign)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What was seen at the same time of controls and of other authorities."""

    controls: Sequence[Result] = ()
    others: Sequence[Result] = ()
    alike: Sequence[Result] = ()
    """Those of the others that were looked at in the same way."""
    watched: int = 0
    """Authorities that are watched altogether; 0: how many of them fail is known otherwise."""
    names: int = 0
    """Names that were resolved, of these and of what is explained."""
    asked: int = 0
    """Names among these that were asked for."""
    clock: float | None = None
    """Seconds by which the others' clocks are ahead of ours; None: not known."""
    way: Sequence[Hop] | None = None
    """The way to a control that works; None: it was not looked at."""

    @property
    def all(self) -> list[Result]:
        """Both."""
        return [*self.controls, *self.others]
