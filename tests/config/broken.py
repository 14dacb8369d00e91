"""Broken configurations, each with the line, the column, the path and the meaning that must be told."""

from __future__ import annotations

from dataclasses import dataclass

GOOD = "  - {name: one, kind: tcp, authority: beijing, host: 127.0.0.1, port: 80}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """`text` has at least the one mistake whose line begins with `place` and says all of `says`."""

    name: str
    text: str
    place: str
    """`line:column: path`, as it stands after the file's name."""
    says: tuple[str, ...]


def whole(name: str, text: str, place: str, *says: str) -> Broken:
    """A file as it stands."""
    return Broken(name=name, text=text, place=place, says=says)


def probe(name: str, written: str, place: str, *says: str) -> Broken:
    """A file with one probe in line 3; its keys start in column 6."""
    return whole(name, f"version: 1\nprobes:\n  - {{{written}}}\n", place, *says)


def beside(name: str, section: str, place: str, *says: str) -> Broken:
    """A sound probe, and a section from line 4 on."""
    return whole(name, f"version: 1\nprobes:\n{GOOD}{section}\n", place, *says)


def reference(name: str, written: str, place: str, *says: str) -> Broken:
    """One reference called `a`; its further keys start in column 23."""
    return beside(name, f"reference: [{{name: a, {written}}}]", place, *says)


def window(name: str, written: str, place: str, *says: str) -> Broken:
    """One window called `a` for all authorities; its further keys start in column 43."""
    return beside(name, f"maintenance: [{{name: a, authorities: all, {written}}}]", place, *says)


def route(name: str, when: str, place: str, *says: str) -> Broken:
    """One route to a receiver that is there; the keys of its `when` start in column 27."""
    to = "to: [r]}], receivers: {r: {webhook: 'http://h/'}}"
    return beside(name, f"alerts: {{routes: [{{when: {{{when}}}, {to}}}", place, *says)


HASH = "$2b$04$Czb2LUPCLGT/5Et8WgkDLeLx5XND5bN.6fqdwdimkPKuOIlhnYkmi"
"""Of a password that nobody uses."""
TCP = "name: a, kind: tcp, authority: beijing, host: h, port: 80"
HTTP = 'name: a, kind: http, authority: national, url: "http://h/"'
TLS = 'name: a, kind: tls, each: authority, host: "{verify_host}"'

YAML = [
    whole("empty", "", "1:1", "empty"),
    whole("only comments", "# nothing\n", "1:1", "empty"),
    whole("a list", "- a\n", "1:1", "not a mapping"),
    whole("a text", "hello\n", "1:1", "not a mapping"),
    whole("not YAML", "version: 1\nprobes: a: b\n", "2:10", "not YAML", "mapping values"),
    whole("an open quote", 'version: 1\nvantage: "x\n', "3:1: vantage", "not YAML", "quoted scalar"),
    whole("tab", "probes:\n\t- a\n", "2:1: probes", "tab", "spaces"),
    whole("tab within braces", f"limits: {{\n\tconcurrency: 1}}\nprobes:\n{GOOD}", "2:1: limits", "tab"),
    whole("duplicate key", f"version: 1\nversion: 1\nprobes:\n{GOOD}", "2:1: version", "duplicate", "line 1"),
    probe("duplicate key in a probe", f"{TCP}, port: 81", "3:65: probes[0].port", "duplicate"),
    whole("two documents", f"probes:\n{GOOD}---\nversion: 1\n", "3:1", "second document"),
    whole("a tag", f"vantage: !!python/name:os.system x\nprobes:\n{GOOD}", "1:10: vantage", "tag"),
    whole("unknown anchor", f"vantage: *here\nprobes:\n{GOOD}", "1:10: vantage", "no anchor"),
    whole("an anchor that holds itself", "probes: &a [*a]\n", "1:13: probes[0]", "cannot hold itself"),
    whole("a mapping as a key", "? {a: b}\n: c\n", "1:3", "a key is a word"),
    whole(
        "braces without quotes",
        "probes:\n  - {name: a, host: {verify_host}}\n",
        "2:21: probes[0].host",
        "quotes",
    ),
    whole("deep nesting", "probes: " + "[" * 5000, "1:40: probes" + "[0]" * 32, "more than 32 levels"),
    whole("control character", "vantage: \x07\n", "1:10", "printed"),
    whole("merge of a word", f"<<: x\nprobes:\n{GOOD}", "1:5", "mapping"),
]

KEYS = [
    beside("unknown key", "vantag: x", "4:1: vantag", 'unknown key; did you mean "vantage"?'),
    probe(
        "unknown key of a probe",
        f"{TCP}, intervall: 5m",
        "3:65: probes[0].intervall",
        'did you mean "interval"?',
    ),
    probe(
        "unknown key of tls",
        f"{TLS}, tls: {{verfy: true}}",
        "3:72: probes[0].tls.verfy",
        'did you mean "verify"?',
    ),
    probe("a key of another kind", f"{TCP}, url: x", "3:65: probes[0].url", "kind tcp", "http | captcha"),
    probe("no name", "kind: tcp, authority: beijing, host: h, port: 1", "3:5: probes[0].name", "missing"),
    probe("no kind", "name: a", "3:5: probes[0].kind", "missing", "tls"),
    probe("unknown kind", "name: a, kind: htpp", "3:21: probes[0].kind", 'did you mean "http"?'),
    probe("no host", "name: a, kind: tcp, authority: beijing, port: 1", "3:5: probes[0].host", "missing"),
    whole("no probes", "version: 1\n", "1:1: probes", "no probes"),
    whole("empty probes", "version: 1\nprobes: []\n", "2:9: probes", "no probes"),
    whole("another version", f"version: 2\nprobes:\n{GOOD}", "1:10: version", "version 1"),
]

TYPES = [
    whole("probes as a mapping", "probes: {a: b}\n", "1:9: probes", "a mapping; a list is meant"),
    beside("section as a word", "limits: 5", "4:9: limits", "a text; a mapping is meant"),
    probe("list where a text is due", "name: [a], kind: tcp", "3:12: probes[0].name", "a list; a name"),
    probe(
        "number without a unit", f"{TCP}, timeout: 5", "3:74: probes[0].timeout", '"5"; a duration is meant'
    ),
    probe("no value", f"{TCP}, interval: ", "3:75: probes[0].interval", "no value"),
    probe("interval of nothing", f"{TCP}, interval: 0s", "3:75: probes[0].interval", "longer than 0"),
    beside(
        "duration beyond reason", "defaults: {interval: 999999999d}", "4:22: defaults.interval", "ten years"
    ),
    beside("rate", "limits: {per_host: 12}", "4:20: limits.per_host", "12/m"),
    beside("concurrency", "limits: {concurrency: 0}", "4:23: limits.concurrency", "from 1"),
    beside("size", "defaults: {max_body: lots}", "4:22: defaults.max_body", "1MiB"),
    beside("listen", "server: {listen: 8036}", "4:18: server.listen", "HOST:PORT"),
    beside("time zone", "timezone: Mars/Base", "4:11: timezone", "Asia/Shanghai"),
    beside("language", "language: de", "4:11: language", "zh | en"),
    beside("share", "judgement: {local: {share: 80}}", "4:28: judgement.local.share", "0.8"),
    beside("severity", "judgement: {severity: {main: loud}}", "4:30: judgement.severity.main", "critical"),
    beside("attempts", "judgement: {confirm: {attempts: none}}", "4:33: judgement.confirm.attempts", "whole"),
    probe("verify", f"{TLS}, tls: {{verify: maybe}}", "3:80: probes[0].tls.verify", "true | report | false"),
    probe("status", f"{HTTP}, expect: {{status: [2000]}}", "3:84: probes[0].expect.status[0]", "100 to 599"),
    probe("regex", f'{HTTP}, expect: {{body_regex: "("}}', "3:87: probes[0].expect.body_regex", "pattern"),
    probe(
        "path",
        f"{HTTP}, expect: {{json: [{{path: code, equals: 0}}]}}",
        "3:89: probes[0].expect.json[0].path",
        "$.a.b[0]",
    ),
    probe("name", "name: a/b, kind: tcp", "3:12: probes[0].name", "letters"),
    probe("resolver by name", f"{TCP}, resolver: [dns.example]", "3:75: probes[0].resolver", "223.5.5.5"),
    probe("redirects", f"{HTTP}, follow_redirects: yes", "3:84: probes[0].follow_redirects", "same_host"),
    probe("method", f"{HTTP}, method: GETT", "3:74: probes[0].method", 'did you mean "GET"?'),
]

MEANING = [
    probe(
        "timeout not below interval",
        f"{TCP}, interval: 5s, timeout: 5s",
        "3:88: probes[0].timeout",
        "5s is not shorter",
    ),
    probe(
        "interval not above default timeout",
        f"{TCP}, interval: 4s",
        "3:75: probes[0].interval",
        "not shorter",
    ),
    beside(
        "default timeout",
        "defaults: {interval: 1m, timeout: 2m}",
        "4:35: defaults.timeout",
        "2m is not shorter",
    ),
    whole("duplicate names", f"probes:\n{GOOD}{GOOD}", "3:12: probes[1].name", "again", "probes[0]"),
    probe(
        "unknown authority",
        "name: a, kind: tcp, authority: beijin, host: h, port: 1",
        "3:37: probes[0].authority",
        'did you mean "beijing"?',
    ),
    probe(
        "nobody", "name: a, kind: tcp, host: h, port: 1", "3:5: probes[0]", "each: authority", "role: control"
    ),
    probe(
        "each and authority",
        f"{TCP}, each: authority",
        "3:26: probes[0].authority",
        "both each and authority",
    ),
    probe(
        "unknown fact",
        'name: a, kind: tls, each: authority, host: "{verify_hots}"',
        "3:49: probes[0].host",
        'did you mean "verify_host"?',
    ),
    probe(
        "a lone brace",
        'name: a, kind: tls, each: authority, host: "{verify_host"',
        "3:49: probes[0].host",
        "brace",
    ),
    probe(
        "a fact of nobody",
        'name: a, kind: tls, role: control, host: "{verify_host}"',
        "3:47: probes[0].host",
        "{verify_host}",
    ),
    probe(
        "each without braces",
        "name: a, kind: tls, each: authority, host: h",
        "3:49: probes[0].host",
        "same address",
        "{verify_host}",
    ),
    probe("captcha of nobody", "name: a, kind: captcha, role: control", "3:21: probes[0].kind", "36"),
    probe("unknown waker", f"{TCP}, wake_on: [reech]", "3:75: probes[0].wake_on[0]", 'unknown probe "reech"'),
    probe("wakes itself", f"{TCP}, wake_on: [a]", "3:75: probes[0].wake_on[0]", "another probe"),
    probe(
        "scheme",
        "name: a, kind: http, authority: national, url: 'ftp://h/'",
        "3:53: probes[0].url",
        "http://",
    ),
    probe(
        "port in a URL",
        "name: a, kind: http, authority: national, url: 'http://h:99999/'",
        "3:53: probes[0].url",
        "Port",
    ),
    probe(
        "port",
        "name: a, kind: tcp, authority: beijing, host: h, port: 70000",
        "3:61: probes[0].port",
        "65535",
    ),
    probe(
        "host with a port",
        "name: a, kind: tcp, authority: beijing, host: 'h:80', port: 80",
        "3:52: probes[0].host",
        "without scheme",
    ),
    probe(
        "roots that are not there",
        f"{TLS}, tls: {{ca: nowhere.pem}}",
        "3:76: probes[0].tls.ca",
        "cannot be read",
    ),
    probe(
        "a header of our own",
        f"{HTTP}, headers: {{Content-Length: 3}}",
        "3:76: probes[0].headers.Content-Length",
        "itself",
    ),
    probe("a header beyond ASCII", f"{HTTP}, headers: {{X-A: 发票}}", "3:81: probes[0].headers.X-A", "ASCII"),
    beside(
        "only unknown",
        "authorities: {only: [shandon]}",
        "4:22: authorities.only[0]",
        'did you mean "shandong"?',
    ),
    beside(
        "only by name", "authorities: {only: [山东]}", "4:22: authorities.only[0]", 'did you mean "shandong"?'
    ),
    beside(
        "only by code", "authorities: {only: [3702]}", "4:22: authorities.only[0]", 'did you mean "qingdao"?'
    ),
    beside(
        "override by name",
        "authorities: {override: {山东省: {verify_url: 'http://h/'}}}",
        "4:26: authorities.override.山东省",
        'did you mean "shandong"?',
    ),
    route(
        "a route by name",
        "authority: [国家税务总局河南省税务局]",
        "4:39: alerts.routes[0].when.authority[0]",
        'did you mean "henan"?',
    ),
    beside("only nobody", "authorities: {only: []}", "4:21: authorities.only", "leave it out"),
    beside(
        "override of nobody",
        "authorities: {override: {shandon: {}}}",
        "4:26: authorities.override.shandon",
        "shandong",
    ),
    beside(
        "override of no fact",
        "authorities: {override: {shandong: {verify_urn: x}}}",
        "4:37: authorities.override.shandong.verify_urn",
        '"verify_url"?',
    ),
    beside(
        "override without scheme",
        "authorities: {override: {shandong: {verify_url: h}}}",
        "4:49: authorities.override.shandong.verify_url",
        "http",
    ),
    beside("unset variable", "vantage: {env: NOT_SET}", "4:10: vantage", "NOT_SET", "not set"),
    beside("unreadable file", "vantage: {file: not-there}", "4:10: vantage", "not-there", "No such file"),
    beside(
        "a receiver of nothing", "alerts: {receivers: {a: {}}}", "4:22: alerts.receivers.a", "none of apprise"
    ),
    beside(
        "a webhook that is none",
        "alerts: {receivers: {a: {webhook: 'gopher://x'}}}",
        "4:35: alerts.receivers.a.webhook",
        "http://",
    ),
    beside(
        "an unusable address",
        "alerts: {receivers: {a: {apprise: ['nosuch://pw@h']}}}",
        "4:36: alerts.receivers.a.apprise[0]",
        "apprise",
    ),
    beside(
        "two kinds of receiver in one",
        "alerts: {receivers: {a: {webhook: 'http://h/', alertmanager: ['http://h/']}}}",
        "4:22: alerts.receivers.a",
        "webhook and alertmanager together",
    ),
    *(
        beside(
            f"no Alertmanager: {what}",
            f"alerts: {{receivers: {{a: {{alertmanager: [{address!r}]}}}}}}",
            "4:41: alerts.receivers.a.alertmanager[0]",
            "not shown",
            says,
        )
        for what, address, says in (
            ("no address", "127.0.0.1:9093", "http://"),
            ("a query", "http://h:9093/?a=b", "without ? and #"),
            ("the path of the call", "http://h:9093/api/v2/alerts", "is added to it"),
        )
    ),
    beside(
        "an Alertmanager of nobody",
        "alerts: {receivers: {a: {alertmanager: []}}}",
        "4:40: alerts.receivers.a.alertmanager",
        "at least one address",
    ),
    beside(
        "a token for Alertmanager",
        "alerts: {receivers: {a: {alertmanager: ['http://h/'], token: x}}}",
        "4:55: alerts.receivers.a.token",
        "carry their own",
    ),
    beside(
        "a cap that is no rate",
        "alerts: {receivers: {a: {webhook: 'http://h/', cap: 20}}}",
        "4:53: alerts.receivers.a.cap",
        "a rate is meant: 20/h, or none",
    ),
    beside(
        "a cap of nothing",
        "alerts: {receivers: {a: {webhook: 'http://h/', cap: 0/h}}}",
        "4:53: alerts.receivers.a.cap",
        "a rate is meant",
    ),
    beside(
        "a cap for an Alertmanager",
        "alerts: {receivers: {a: {alertmanager: ['http://h/'], cap: 20/h}}}",
        "4:55: alerts.receivers.a.cap",
        "groups by itself",
    ),
    beside(
        "an escalation that is a word",
        "alerts: {receivers: {a: {webhook: 'http://h/'}}, routes: [{to: [a], escalate: boss}]}",
        "4:79: alerts.routes[0].escalate",
        "a list is meant",
    ),
    beside(
        "an escalation to nobody known",
        "alerts: {receivers: {boss: {webhook: 'http://h/'}}, routes: [{to: [boss], escalate: [{after: 30m, to: [bos]}]}]}",
        "4:104: alerts.routes[0].escalate[0].to[0]",
        'unknown receiver "bos"',
        'did you mean "boss"',
    ),
    beside(
        "an escalation to nobody",
        "alerts: {receivers: {a: {webhook: 'http://h/'}}, routes: [{to: [a], escalate: [{after: 30m, to: []}]}]}",
        "4:97: alerts.routes[0].escalate[0].to",
        "at least one receiver is meant",
    ),
    beside(
        "an escalation without a time",
        "alerts: {receivers: {a: {webhook: 'http://h/'}}, routes: [{to: [a], escalate: [{to: [a]}]}]}",
        "4:80: alerts.routes[0].escalate[0].after",
        "missing",
    ),
    beside(
        "an escalation at once",
        "alerts: {receivers: {a: {webhook: 'http://h/'}}, routes: [{to: [a], escalate: [{after: 0s, to: [a]}]}]}",
        "4:88: alerts.routes[0].escalate[0].after",
        "a second or more is meant",
    ),
    beside(
        "an unknown receiver",
        "alerts: {receivers: {oncall: {webhook: 'http://h/'}}, routes: [{to: [onkall]}]}",
        "4:70: alerts.routes[0].to[0]",
        'did you mean "oncall"?',
    ),
    probe(
        "beyond the limit",
        f"{TCP}, interval: 1s, timeout: 500ms",
        "3:5: probes[0]",
        "h:80",
        "60 times in 1m",
        "allows 12",
    ),
]

OTHERS = [
    reference("neither url nor file", "interval: 1m", "4:13: reference[0]", "neither url nor file"),
    reference("both url and file", "url: 'http://h/', file: x", "4:13: reference[0]", "both url and file"),
    reference("a token for a file", "file: x, token: t", "4:32: reference[0].token", "without url"),
    reference("address of a reference", "url: 'ftp://h/'", "4:28: reference[0].url", "http://"),
    reference(
        "stale before it is read again",
        "file: x, interval: 10m, stale_after: 5m",
        "4:60: reference[0].stale_after",
        "5m is not longer than interval 10m",
    ),
    reference(
        "read seldom, stale early", "file: x, interval: 1h", "4:42: reference[0].interval", "stale_after 10m"
    ),
    reference("unknown key of a reference", "ulr: x", "4:23: reference[0].ulr", 'did you mean "url"?'),
    reference(
        "a map without outcome",
        "file: x, map: {rows: '$.list[*]', authority: $.name}",
        "4:37: reference[0].map.outcome",
        "missing",
    ),
    reference(
        "rows by a filter",
        "file: x, map: {rows: '$..list', authority: $.a, outcome: $.o}",
        "4:44: reference[0].map.rows",
        "$.list[*]",
    ),
    reference(
        "an outcome that is none",
        "file: x, map: {rows: '$', authority: $.a, outcome: $.o, values: {正常: okay}}",
        "4:92: reference[0].map.values.正常",
        "ok | error | timeout",
    ),
    beside(
        "two references of one name",
        "reference: [{name: a, file: x}, {name: a, file: y}]",
        "4:40: reference[1].name",
        "again",
        "one vote",
    ),
    beside("publish nothing", "publish: {}", "4:10: publish.file", "missing"),
    beside("results for ever", "storage: {keep: {results: forever}}", "4:27: storage.keep.results", "14d"),
    beside(
        "incidents for a while", "storage: {keep: {incidents: 7d}}", "4:29: storage.keep.incidents", "not"
    ),
    beside("reopen for ever", "judgement: {reopen: always}", "4:21: judgement.reopen", "a duration is meant"),
    beside("repeat without a unit", "alerts: {repeat: 4}", "4:18: alerts.repeat", '"4"; a duration is meant'),
]

WINDOWS = [
    beside(
        "maintenance of nobody",
        'maintenance: [{name: a, schedule: "0 23 * * *", duration: 2h}]',
        "4:15: maintenance[0].authorities",
        "missing",
        "all, or a list",
    ),
    beside(
        "maintenance of an unknown authority",
        'maintenance: [{name: a, authorities: [shandon], schedule: "0 23 * * *", duration: 2h}]',
        "4:39: maintenance[0].authorities[0]",
        'did you mean "shandong"?',
    ),
    beside(
        "maintenance of ourselves",
        'maintenance: [{name: a, authorities: [local], schedule: "0 23 * * *", duration: 2h}]',
        "4:39: maintenance[0].authorities[0]",
        'unknown authority "local"',
    ),
    beside(
        "all as a slip",
        "maintenance: [{name: a, authorities: al, start: 2026-12-01 18:00, end: 2026-12-01 19:00}]",
        "4:38: maintenance[0].authorities",
        "all or a list",
    ),
    window(
        "maintenance of an unknown service",
        'services: [verfy], schedule: "0 23 * * *", duration: 2h',
        "4:54: maintenance[0].services[0]",
        'did you mean "verify"?',
    ),
    window("a window without a time", "announce: false", "4:15: maintenance[0]", "no time", "schedule and"),
    window("a window without an end", "start: 2026-12-01 18:00", "4:15: maintenance[0].end", "missing"),
    window(
        "a schedule without duration", 'schedule: "0 23 * * *"', "4:15: maintenance[0].duration", "missing"
    ),
    window(
        "a start and a duration",
        "start: 2026-12-01 18:00, duration: 2h",
        "4:15: maintenance[0]",
        "both start and duration",
    ),
    window(
        "an end before the start",
        "start: 2026-12-01 18:00, end: 2026-12-01 08:00",
        "4:73: maintenance[0].end",
        "not after the start",
        "midnight",
    ),
    window(
        "an end at the start",
        "start: 2026-12-01 18:00, end: 2026-12-01T10:00:00Z",
        "4:73: maintenance[0].end",
        "not after the start",
    ),
    window(
        "a date alone", "start: 2026-12-01, end: 2026-12-02", "4:50: maintenance[0].start", "2026-12-01 18:00"
    ),
    window(
        "a day that is not",
        "start: 2026-02-30 18:00, end: 2026-03-01 08:00",
        "4:50: maintenance[0].start",
        "day",
    ),
    window(
        "after 24 o'clock",
        "start: 2026-12-01 18:00, end: 2026-12-01 24:30",
        "4:73: maintenance[0].end",
        "does not exist",
    ),
    window(
        "30 February",
        'schedule: "0 0 30 2 *", duration: 2h',
        "4:53: maintenance[0].schedule",
        "bad day-of-month",
    ),
    window(
        "cron of six fields",
        'schedule: "0 0 23 * * *", duration: 2h',
        "4:53: maintenance[0].schedule",
        "five",
    ),
    window(
        "a word for cron", 'schedule: "@daily", duration: 2h', "4:53: maintenance[0].schedule", "five fields"
    ),
    window(
        "minute 60", 'schedule: "60 23 * * *", duration: 2h', "4:53: maintenance[0].schedule", "bad minute"
    ),
    window(
        "longer than a year",
        'schedule: "0 0 1 1 *", duration: 400d',
        "4:76: maintenance[0].duration",
        "366d at most",
    ),
    window("announce perhaps", "announce: maybe", "4:53: maintenance[0].announce", "true | false"),
    beside(
        "two windows of one name",
        'maintenance: [&w {name: a, authorities: all, schedule: "0 0 * * *", duration: 1h}, {<<: *w}]',
        "4:25: maintenance[1].name",
        "again",
        "maintenance[0]",
    ),
    *(
        beside(
            name,
            f"timezone: Europe/Berlin\nmaintenance: [{{name: a, authorities: all, start: {start}, end: 2027-01-01 00:00}}]",
            "5:50: maintenance[0].start",
            *says,
        )
        for name, start, says in (
            ("a time that clocks skip", "2026-03-29 02:30", ("put forward", "does not exist")),
            ("a time that clocks show twice", "2026-10-25 02:30", ("twice", "+02:00 or +01:00")),
        )
    ),
]

ROUTES = [
    route(
        "severity of a route",
        "severity: [critcal]",
        "4:38: alerts.routes[0].when.severity[0]",
        'did you mean "critical"?',
    ),
    route(
        "event of a route",
        "event: incident_open",
        "4:34: alerts.routes[0].when.event",
        'did you mean "incident_opened"?',
    ),
    route("scope of a route", "scope: province", "4:34: alerts.routes[0].when.scope", "authority | national"),
    route(
        "authority of a route",
        "authority: [shandong, qingdo]",
        "4:49: alerts.routes[0].when.authority[1]",
        'did you mean "qingdao"?',
    ),
    route(
        "service of a route", "service: dpt", "4:36: alerts.routes[0].when.service", 'did you mean "dppt"?'
    ),
    route(
        "diagnosis of a route",
        "diagnosis: national",
        "4:38: alerts.routes[0].when.diagnosis",
        'did you mean "national_outage"?',
    ),
    route(
        "cause of a route",
        "cause: [tls_expire]",
        "4:35: alerts.routes[0].when.cause[0]",
        'did you mean "tls_expired"?',
    ),
    route("hours of a route", "hours: 8-22", "4:34: alerts.routes[0].when.hours", "08:00-22:00"),
    route("hours of nothing", "hours: 08:00-08:00", "4:34: alerts.routes[0].when.hours", "leave it out"),
    route("an hour that is not", "hours: 08:00-25:00", "4:34: alerts.routes[0].when.hours", "08:00-22:00"),
    route(
        "weekday", "weekdays: [mon, tus]", "4:43: alerts.routes[0].when.weekdays[1]", 'did you mean "tue"?'
    ),
    route("no weekday", "weekdays: []", "4:37: alerts.routes[0].when.weekdays", "an empty list"),
    route("unknown part of when", "severty: info", "4:27: alerts.routes[0].when.severty", '"severity"?'),
    beside(
        "continue perhaps",
        "alerts: {routes: [{to: [], continue: maybe}]}",
        "4:38: alerts.routes[0].continue",
        "true | false",
    ),
]

SERVER = [
    beside("tls without a key", "server: {tls: {cert: a.pem}}", "4:15: server.tls.key", "missing"),
    beside("tls that is not there", "server: {tls: {cert: a.pem, key: b.pem}}", "4:22: server.tls.cert", "cannot be read"),
    beside("tls as a word", "server: {tls: cert.pem}", "4:15: server.tls", "a mapping is meant"),
    beside("a key of tls that nobody knows", "server: {tls: {cert: a, key: b, ca: c}}", "4:33: server.tls.ca", "unknown key"),
    beside("no users", "server: {basic_auth: {}}", "4:22: server.basic_auth", "no users", "everybody may read"),
    beside("users that are all commented out", "server:\n  basic_auth:", "5:14: server.basic_auth", "no value"),
    beside("a password in clear text", "server: {basic_auth: {a: hunter2}}", "4:26: server.basic_auth.a", "a value not shown here", "a bcrypt hash"),
    beside("a hash of another kind", 'server: {basic_auth: {a: "$apr1$x$y"}}', "4:26: server.basic_auth.a", "a bcrypt hash"),
    beside("a hash that was cut", f'server: {{basic_auth: {{a: "{HASH[:-1]}"}}}}', "4:26: server.basic_auth.a", "a bcrypt hash"),
    beside("a hash with a salt that is none", f'server: {{basic_auth: {{a: "{HASH[:28]}z{HASH[29:]}"}}}}', "4:26: server.basic_auth.a", "a bcrypt hash"),
    beside("a hash that takes days", f'server: {{basic_auth: {{a: "$2b$31{HASH[6:]}"}}}}', "4:26: server.basic_auth.a", "4 to 15"),
    beside("a user with a colon", f'server: {{basic_auth: {{"a:b": "{HASH}"}}}}', "4:23: server.basic_auth.a:b", "without a colon"),
    beside("a user without a name", f'server: {{basic_auth: {{"": "{HASH}"}}}}', "4:23: server.basic_auth.", "without a colon"),
]  # fmt: skip

FLAPS = [
    beside("flapping that is a word", "judgement: {flapping: x}", "4:23: judgement.flapping", "mapping"),
    beside("a share of changes beyond all", "judgement: {flapping: {high: 101}}", "4:30: judgement.flapping.high", "percent"),
    beside("too few runs for flapping", "judgement: {flapping: {runs: 4}}", "4:30: judgement.flapping.runs", "5 to 100"),
    beside("flapping that begins below its end", "judgement: {flapping: {high: 20}}", "4:30: judgement.flapping.high", "low (25) is above high (20)"),
    beside("flapping that ends above its beginning", "judgement: {flapping: {low: 31}}", "4:29: judgement.flapping.low", "low (31) is above high (30)"),
    beside("a severity of flapping that is none", "judgement: {severity: {flapping: loud}}", "4:34: judgement.severity.flapping", "severity"),
]  # fmt: skip

LATER = [
    beside(
        "addresses: some", "defaults: {addresses: some}", "4:23: defaults.addresses", '"some"', "first | all"
    ),
    beside("a heartbeat that is a word", "alerts: {heartbeat: x}", "4:21: alerts.heartbeat", "mapping"),
    beside(
        "a heartbeat to nobody",
        "alerts: {heartbeat: {interval: 1m}}",
        "4:21: alerts.heartbeat.url",
        "missing",
    ),
    beside(
        "a heartbeat elsewhere",
        "alerts: {heartbeat: {url: 'ftp://h/ping-me-secretly'}}",
        "4:27: alerts.heartbeat.url",
        "a value not shown here; an http or https address is meant",
    ),
    beside(
        "a heartbeat too often",
        "alerts: {heartbeat: {url: 'http://h/', interval: 500ms}}",
        "4:50: alerts.heartbeat.interval",
        "a second or more is meant",
    ),
    beside("a calendar that is a list", "calendar: []", "4:11: calendar", "mapping"),
    beside(
        "days off in no file",
        "calendar: {holidays: [none.yaml]}",
        "4:23: calendar.holidays[0]",
        "No such file",
        "holiday-cn",
    ),
    beside(
        "a deadline of nobody",
        "calendar: {deadlines: {shenzen: {2026-12: 2026-12-17}}}",
        "4:24: calendar.deadlines.shenzen",
        "unknown authority",
        'did you mean "shenzhen"?',
    ),
    beside(
        "a deadline of no month",
        "calendar: {deadlines: {shenzhen: {2026-13: 2026-12-17}}}",
        "4:35: calendar.deadlines.shenzhen.2026-13",
        '"2026-13"',
        "2026-12",
    ),
    beside(
        "a deadline on no day",
        "calendar: {deadlines: {shenzhen: {2026-12: 2026-12-32}}}",
        "4:44: calendar.deadlines.shenzhen.2026-12",
        "such a day does not exist",
    ),
    beside(
        "a deadline that is a number",
        "calendar: {deadlines: {shenzhen: {2026-12: 17}}}",
        "4:44: calendar.deadlines.shenzhen.2026-12",
        "a day is meant: 2026-12-17",
    ),
    beside(
        "a deadline of another month",
        "calendar: {deadlines: {all: {2026-12: 2026-11-17}}}",
        "4:39: calendar.deadlines.all.2026-12",
        "lies in that month or the next",
    ),
    beside(
        "a report to nobody",
        "alerts: {report: {schedule: '0 8 1 * *', to: [boss]}}",
        "4:47: alerts.report.to[0]",
        'unknown receiver "boss"',
    ),
    beside(
        "a report at no time",
        "alerts: {receivers: {boss: {webhook: 'http://h/'}}, report: {schedule: daily, to: [boss]}}",
        "4:72: alerts.report.schedule",
        "five fields",
    ),
    beside(
        "a report without a schedule", "alerts: {report: {to: x}}", "4:18: alerts.report.schedule", "missing"
    ),
    beside(
        "a credential of no unit",
        "alerts: {heartbeat: {url: {file: $CREDENTIALS_DIRECTORY/ping}}}",
        "4:27: alerts.heartbeat.url",
        "systemd sets this directory for a unit with LoadCredential=",
    ),
    route("a drill that is a word", "drill: only", "4:34: alerts.routes[0].when.drill", "true | false"),
    route(
        "workdays beside other days",
        "weekdays: [workdays, sun]",
        "4:38: alerts.routes[0].when.weekdays[0]",
        "workdays beside other days",
        "stands alone",
    ),
    route(
        "a weekend",
        "weekdays: weekend",
        "4:37: alerts.routes[0].when.weekdays",
        '"weekend"',
        "[sat, sun]",
        "days_off",
    ),
    route("holidays alone", "weekdays: holidays", "4:37: alerts.routes[0].when.weekdays", "days_off"),
    route(
        "a filing period that is a word",
        "filing_period: yes",
        "4:42: alerts.routes[0].when.filing_period",
        '"yes"',
        "true",
    ),
]

NOTHING = [
    whole(
        "nothing to look at",
        "version: 1\nauthorities: {only: [yunnan]}\nprobes:\n"
        '  - {name: a, kind: tls, each: authority, host: "{dppt_host}", port: "{dppt_port}"}\n',
        "4:3: probes",
        "no target",
        "skipped",
    ),
    whole(
        "a main service nobody watches",
        "version: 1\njudgement: {main_service: verfy}\nprobes:\n"
        '  - {name: a, kind: tls, each: authority, service: verify, host: "{verify_host}", port: "{verify_port}"}\n',
        "2:27: judgement.main_service",
        '"verfy"; no probe watches it',
        'did you mean "verify"',
    ),
]

BROKEN = [*NOTHING, *YAML, *KEYS, *TYPES, *MEANING, *OTHERS, *WINDOWS, *ROUTES, *SERVER, *FLAPS, *LATER]
