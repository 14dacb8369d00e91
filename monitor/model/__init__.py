"""The words of the product: every value that passes from one part to another, and nothing that acts.

`Seen` is what one run saw; `Result` is what it means. `Target` is what is looked at; `Plan` is all of them with the
rules to judge by. `Incident` is one outage; `Notification` is one thing to tell. All values are frozen. Instants are
aware `datetime`s in UTC; spans are seconds as `float` unless a name says otherwise.
"""

from monitor.model.calendar import Calendar
from monitor.model.catalogue import Code, CodeTable, Words
from monitor.model.events import (
    Ack,
    AddSilence,
    AddWindow,
    Ban,
    Command,
    Due,
    EndSilence,
    EndWindow,
    Event,
    Leave,
    Replan,
    StoreHealth,
    Tick,
    Wait,
)
from monitor.model.incidents import Incident, Scope, Severity
from monitor.model.notifications import EventName, Notification, Vote
from monitor.model.outcomes import LOCAL, NATIONAL, PSEUDO_AUTHORITIES, Cause, Flag, Outcome, Phase, SpeaksOf
from monitor.model.plain import as_json, rfc3339
from monitor.model.plan import (
    Escalation,
    Flapping,
    Heartbeat,
    Judgement,
    MaintenanceRule,
    NoticeFeed,
    Plan,
    Receiver,
    ReferenceMap,
    ReferenceSource,
    ReportRule,
    Route,
    ServerTls,
    When,
)
from monitor.model.proxies import Proxies, Proxy
from monitor.model.references import ReferenceReading, ReferenceRow
from monitor.model.registry import Authority, Fact
from monitor.model.runs import Answer, Attempt, Certificate, Failure, Reading, Reply, Result, Seen
from monitor.model.states import AuthorityState, Confirmed, Diagnosis, ServiceState, TargetState, Verdict
from monitor.model.targets import (
    Expect,
    Freshness,
    JsonExpectation,
    Repeat,
    Success,
    SyncRules,
    Target,
    TlsOptions,
    TlsProfile,
    Verify,
)
from monitor.model.waiting import Waiting
from monitor.model.windows import Silence, Window

__all__ = [
    "LOCAL",
    "NATIONAL",
    "PSEUDO_AUTHORITIES",
    "Ack",
    "AddSilence",
    "AddWindow",
    "Answer",
    "Attempt",
    "Authority",
    "AuthorityState",
    "Ban",
    "Calendar",
    "Cause",
    "Certificate",
    "Code",
    "CodeTable",
    "Command",
    "Confirmed",
    "Diagnosis",
    "Due",
    "EndSilence",
    "EndWindow",
    "Escalation",
    "Event",
    "EventName",
    "Expect",
    "Fact",
    "Failure",
    "Flag",
    "Flapping",
    "Freshness",
    "Heartbeat",
    "Incident",
    "JsonExpectation",
    "Judgement",
    "Leave",
    "MaintenanceRule",
    "NoticeFeed",
    "Notification",
    "Outcome",
    "Phase",
    "Plan",
    "Proxies",
    "Proxy",
    "Reading",
    "Receiver",
    "ReferenceMap",
    "ReferenceReading",
    "ReferenceRow",
    "ReferenceSource",
    "Repeat",
    "Replan",
    "Reply",
    "ReportRule",
    "Result",
    "Route",
    "Scope",
    "Seen",
    "ServerTls",
    "ServiceState",
    "Severity",
    "Silence",
    "SpeaksOf",
    "StoreHealth",
    "Success",
    "SyncRules",
    "Target",
    "TargetState",
    "Tick",
    "TlsOptions",
    "TlsProfile",
    "Verdict",
    "Verify",
    "Vote",
    "Wait",
    "Waiting",
    "When",
    "Window",
    "Words",
    "as_json",
    "rfc3339",
]
