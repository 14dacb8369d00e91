"""The types of values in probes.yaml: how each is read, what is said where it cannot be, its JSON Schema."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from monitor.config.reading import OneOrMore, Read, WordOrList
from monitor.config.scalars import (
    Rate,
    asked,
    choice,
    duration,
    header_value,
    line,
    listen,
    name,
    name_server,
    network,
    only,
    password_hash,
    path_in_row,
    path_to_rows,
    pattern,
    percent,
    plain_path,
    rate,
    seconds,
    secret_web_text,
    share,
    size,
    span,
    timezone,
    token,
    web_text,
    whole,
    yes,
)
from monitor.model import Cause, Diagnosis, EventName, Outcome, Scope, Severity, TlsProfile, Verify

_ANY = {"type": ["string", "number", "boolean"]}
_NUMBER = {"type": ["integer", "string"]}


def _text(**more: Any) -> dict[str, Any]:
    return {"type": "string", **more}


_DURATION_MEANT = "a duration is meant: 500ms, 5s, 5m, 4h or 14d"
_DURATION_SCHEMA = _text(pattern=r"^[0-9]+(ms|s|m|h|d)$")

Text = Annotated[str, Read(str, "a text is meant", _ANY, collects=True)]
Line = Annotated[str, Read(line, "a text on one line is meant", _ANY, collects=True)]
HeaderValue = Annotated[
    str, Read(header_value, "printable ASCII on one line is meant", _text(), collects=True)
]
Name = Annotated[str, Read(name, "a name is meant: letters, digits, - _ and .", _ANY)]
Word = Annotated[str, Read(line, "a word is meant", _ANY)]
Template = Annotated[str, Read(line, "a text is meant; facts stand in braces", _ANY, collects=True)]
Secret = Annotated[
    str, Read(token, "printable ASCII without blanks is meant", _text(), collects=True, secret=True)
]
PasswordHash = Annotated[
    str,
    Read(password_hash, 'a bcrypt hash is meant: "$2b$12$…", in quotes', _text(), collects=True, secret=True),
]
Address = Annotated[str, Read(line, "an address is meant", _text(), collects=True, secret=True)]
WebAddress = Annotated[str, Read(web_text, "an http or https address is meant", _text())]
SecretWebAddress = Annotated[
    str,
    Read(secret_web_text, "an http or https address is meant", _text(), collects=True, secret=True),
]
Duration = Annotated[float, Read(duration, _DURATION_MEANT, _DURATION_SCHEMA)]
Span = Annotated[float, Read(span, _DURATION_MEANT, _DURATION_SCHEMA)]
Seconds = Annotated[float, Read(seconds, _DURATION_MEANT, _DURATION_SCHEMA)]
PerHost = Annotated[Rate | None, Read(rate, "a rate is meant: 12/m, or none", _text())]
Cap = Annotated[Rate | None, Read(rate, "a rate is meant: 20/h, or none", _text())]
Size = Annotated[int, Read(size, "a size is meant: 64KiB, 1MiB", {"type": ["string", "integer"]})]
Approve = Annotated[str, Read(choice("manual", "auto"), "manual | auto", _text(enum=["manual", "auto"]))]
Version = Annotated[int, Read(whole(1, 1), "this program reads version 1", _NUMBER)]
Attempts = Annotated[int, Read(whole(1, 100), "a whole number from 1 to 100 is meant", _NUMBER)]
Concurrency = Annotated[int, Read(whole(1, 10_000), "a whole number from 1 to 10000 is meant", _NUMBER)]
Status = Annotated[int, Read(whole(100, 599), "an HTTP status from 100 to 599 is meant", _NUMBER)]
Share = Annotated[float, Read(share, "a part of one is meant: 0.8", {"type": ["number", "string"]})]
Percent = Annotated[float, Read(percent, "percent are meant: 30", {"type": ["number", "string"]})]
FlapRuns = Annotated[int, Read(whole(5, 100), "a whole number from 5 to 100 is meant", _NUMBER)]
Listen = Annotated[tuple[str, int], Read(listen, "HOST:PORT is meant: 127.0.0.1:8036 or [::1]:8036", _text())]
Timezone = Annotated[str, Read(timezone, "a time zone is meant: Asia/Shanghai", _text())]
Language = Annotated[str, Read(choice("zh", "en"), "zh | en", _text(enum=["zh", "en"]))]
SeverityWord = Annotated[
    Severity,
    Read(lambda text: Severity(choice(*Severity)(text)), "a severity is meant", _text(enum=[*Severity])),
]
VerifyWord = Annotated[
    Verify,
    Read(
        lambda text: Verify(choice(*Verify)(text)), "true | report | false", {"enum": [True, False, "report"]}
    ),
]
ProfileWord = Annotated[
    TlsProfile,
    Read(lambda text: TlsProfile(choice(*TlsProfile)(text)), "modern | legacy", _text(enum=[*TlsProfile])),
]
Each = Annotated[str, Read(choice("authority"), "authority", _text(const="authority"))]
Role = Annotated[str, Read(choice("control"), "control", _text(const="control"))]
Addresses = Annotated[str, Read(choice("first", "all"), "first | all", _text(enum=["first", "all"]))]
RECORDS = ("A", "AAAA", "CNAME", "MX", "NS", "TXT")
RecordWord = Annotated[str, Read(choice(*RECORDS), " | ".join(RECORDS), _text(enum=[*RECORDS]))]
Network = Annotated[
    str, Read(network, "a network is meant: 203.0.113.0/24 or 2001:db8::/32", _text(), collects=True)
]
Packets = Annotated[int, Read(whole(1, 10), "a whole number from 1 to 10 is meant", _NUMBER)]
METHODS = ("GET", "HEAD", "POST", "PUT", "OPTIONS")
Method = Annotated[str, Read(choice(*METHODS), "an HTTP method is meant", _text(enum=[*METHODS]))]
Resolver = Annotated[
    tuple[str, ...],
    WordOrList(
        {"system": ()}, name_server, 'system or a list of addresses is meant: ["223.5.5.5", "127.0.0.1:5353"]'
    ),
]
_ASKED = 'system or a name server by address is meant: [system, "223.5.5.5", "127.0.0.1:5353"]'
Asked = Annotated[tuple[Annotated[str, Read(asked, _ASKED, _text())], ...], OneOrMore(_ASKED)]
Pattern = Annotated[str, Read(pattern, "a regular expression is meant", _ANY, collects=True)]
JsonPath = Annotated[str, Read(plain_path, "a path of plain steps is meant: $.a.b[0]", _text())]
RowPath = Annotated[str, Read(path_in_row, "a path of plain steps is meant: $.name, $ or $key", _text())]
RowsPath = Annotated[
    str, Read(path_to_rows, "a path to a list or an object of rows is meant: $.list[*]", _text())
]
Yes = Annotated[bool, Read(yes, "true | false", {"type": "boolean"})]
Forever = Annotated[str, Read(only("forever"), "forever", _text(const="forever"))]
OutcomeWord = Annotated[
    Outcome, Read(lambda text: Outcome(choice(*Outcome)(text)), " | ".join(Outcome), _text(enum=[*Outcome]))
]


def _one_of(words: type[StrEnum]) -> Read:
    return Read(choice(*words), " | ".join(words), _text(enum=[*words]))


_ONE_OR_MORE = OneOrMore("a word or a list of words is meant")
Severities = Annotated[tuple[Annotated[str, _one_of(Severity)], ...], _ONE_OR_MORE]
Event = Annotated[str, Read(choice(*EventName), " | ".join(EventName), _text(enum=[*EventName]))]
Events = Annotated[tuple[Event, ...], _ONE_OR_MORE]
Scopes = Annotated[tuple[Annotated[str, _one_of(Scope)], ...], _ONE_OR_MORE]
Diagnoses = Annotated[tuple[Annotated[str, _one_of(Diagnosis)], ...], _ONE_OR_MORE]
Causes = Annotated[tuple[Annotated[str, _one_of(Cause)], ...], _ONE_OR_MORE]
Words = Annotated[tuple[Word, ...], _ONE_OR_MORE]
Lines = Annotated[tuple[Line, ...], _ONE_OR_MORE]
AllOrWords = Annotated[
    tuple[str, ...] | None, WordOrList({"all": None}, line, "all or a list is meant: [shandong, qingdao]")
]
