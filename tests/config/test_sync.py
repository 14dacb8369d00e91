"""Kind `sync` as it is written in probes.yaml: the request, its secrets, and what cannot be meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.config.load import ConfigError
from monitor.config.sync import typed
from tests.config.conftest import HEAD, ReadText
from tests.config.synced import REQUEST, SECRET, one, refused, request

CONTRACT = """\
version: 1
probes:
  - name: erp-sync
    kind: sync
    authority: beijing
    request: {method: POST, url: "https://erp.example/api", headers: {Authorization: {env: ERP_TOKEN}}, json: {taxNo: "91…"}}
    codes: nuonuo
    success: {path: "$.code", in: ["0000"]}
    freshness: {path: "$.data.lastSync", warn: 4h, fail: 24h}
"""


def test_the_example_of_the_handbook(read_text: ReadText) -> None:
    loaded = read_text(CONTRACT, {"ERP_TOKEN": SECRET})
    target = loaded.plan.targets["erp-sync"]
    assert (target.kind, target.authority, target.service) == ("sync", "beijing", "sync")
    assert (target.host, target.port, target.method) == ("erp.example", 443, "POST")
    assert target.headers == (("Authorization", SECRET), ("Content-Type", "application/json"))
    assert json.loads(target.body or b"") == {"taxNo": "91…"}
    assert target.sync is not None
    assert (target.sync.table, target.sync.code_paths) == ("nuonuo", (("", "$.code"),))
    assert target.sync.success is not None
    assert (target.sync.success.path, target.sync.success.any_of) == ("$.code", ("0000",))
    assert target.sync.freshness is not None
    assert (target.sync.freshness.warn, target.sync.freshness.fail) == (4 * 3600, 24 * 3600)
    assert target.sync.freshness.timezone == "Asia/Shanghai"
    assert target.carries_credential
    assert SECRET in loaded.secrets
    assert SECRET not in repr(loaded)


def test_defaults_of_freshness_and_the_zone_of_the_plan(read_text: ReadText) -> None:
    text = CONTRACT.replace("version: 1", "version: 1\ntimezone: UTC").replace(", warn: 4h, fail: 24h", "")
    target = read_text(text, {"ERP_TOKEN": "x"}).plan.targets["erp-sync"]
    assert target.sync is not None
    freshness = target.sync.freshness
    assert freshness is not None
    assert (freshness.warn, freshness.fail, freshness.timezone) == (14400.0, 86400.0, "UTC")


# --- the request -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12", 12), ("-3", -3), ("0", 0), ("1.5", 1.5), ("-0.25", -0.25), ("1e3", 1000.0),
        ("91110000000000000X", "91110000000000000X"), ("911100000000000000", 911100000000000000),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ('"12"', "12"), ("'true'", "true"), ('"null"', "null"), ('""', ""),
        ("0000", "0000"), ("007", "007"), ("+86", "+86"), ("0x1F", "0x1F"), ("1_000", "1_000"), ("22:30", "22:30"),
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("2026-11-21", "2026-11-21"), (".5", ".5"), ("1.", "1."),
        ("1e999", "1e999"), (".inf", ".inf"), ("NaN", "NaN"), ("plain words", "plain words"),
    ],
)  # fmt: skip
def test_json_keeps_its_look(read_text: ReadText, written: str, value: Any) -> None:
    target = request(read_text, f"json: {{v: {written} }}" if written else "json: {v: }")
    found = json.loads(target.body or b"")["v"]
    assert (found, type(found)) == (value, type(value))


def test_typed_is_no_float_beyond_measure() -> None:
    assert typed("9" * 200) == "9" * 200
    assert typed("1e99") == 1e99


def test_json_of_any_depth_with_secrets_anywhere(read_text: ReadText, tmp_path: Path) -> None:
    (tmp_path / "sign").write_text("s1gn-s1gn\n")
    written = (
        "json: {a: [1, {b: {env: TOKEN}}, [{file: sign}]], env: x, n: {env: {env: TOKEN}, file: y}, 中: 文}"
    )
    target = request(read_text, written, TOKEN=SECRET)
    assert json.loads(target.body or b"") == {
        "a": [1, {"b": SECRET}, ["s1gn-s1gn"]],
        "env": "x",
        "n": {"env": SECRET, "file": "y"},
        "中": "文",
    }
    assert {SECRET, "s1gn-s1gn"} <= set(target.secrets)
    assert "文".encode() in (target.body or b"")


@pytest.mark.parametrize("written", ["json: []", "json: 5", "json: text", "json: null"])
def test_json_is_any_value(read_text: ReadText, written: str) -> None:
    assert request(read_text, written).method == "POST"


def test_an_unset_variable_within_json_is_a_mistake(read_text: ReadText) -> None:
    [mistake] = refused(read_text, 'codes: nuonuo, request: {url: "http://h/", json: {a: [{env: NOT_SET}]}}')
    assert "probes[0].request.json" in mistake
    assert "{env: NOT_SET}" in mistake


def test_a_form(read_text: ReadText) -> None:
    target = request(read_text, 'form: {a: "1 2", 税号: "9&1", s: {env: S}}', S=SECRET)
    assert target.body == f"a=1+2&%E7%A8%8E%E5%8F%B7=9%261&s={SECRET}".encode()
    assert target.headers == (("Content-Type", "application/x-www-form-urlencoded"),)
    assert target.method == "POST"


def test_a_body_as_it_is_and_a_content_type_of_ones_own(read_text: ReadText) -> None:
    target = request(read_text, "body: '{\"a\": {b}}', headers: {content-type: text/xml}, method: PUT")
    assert (target.body, target.method) == (b'{"a": {b}}', "PUT")
    assert target.headers == (("content-type", "text/xml"),)


def test_nothing_sent_is_a_get(read_text: ReadText) -> None:
    target = request(read_text, "headers: {}")
    assert (target.method, target.body, target.headers) == ("GET", None, ())


def test_each_authority_gets_its_facts_and_other_braces_stay(read_text: ReadText) -> None:
    text = HEAD + (
        "  - name: erp\n    kind: sync\n    each: authority\n    codes: nuonuo\n"
        '    request: {url: "https://erp.example/{slug}", json: {area: "{code}", raw: "{\\"x\\": {y}}", s: {env: S}}}\n'
    )
    plan = read_text(
        "authorities: {only: [beijing, shandong]}\nlimits: {per_host: none}\n" + text, {"S": "{slug}"}
    ).plan
    targets = plan.targets
    assert list(targets) == ["erp/beijing", "erp/shandong"]
    assert targets["erp/shandong"].url == "https://erp.example/shandong"
    assert json.loads(targets["erp/shandong"].body or b"") == {
        "area": "3700",
        "raw": '{"x": {y}}',
        "s": "{slug}",
    }


def test_each_authority_may_differ_in_the_body_alone(read_text: ReadText) -> None:
    text = HEAD + (
        "  - {name: erp, kind: sync, each: authority, codes: nuonuo, "
        'request: {url: "http://h/", form: {area: "{code}"}}}\n'
    )
    plan = read_text("limits: {per_host: none}\n" + text).plan
    assert len(plan.targets) == 36


def test_an_authority_whose_fact_is_null_is_skipped(read_text: ReadText) -> None:
    text = HEAD + (
        "  - {name: erp, kind: sync, each: authority, codes: nuonuo, "
        'request: {url: "http://h/{slug}", json: ["{digital_invoice_prefix}"]}}\n'
    )
    loaded = read_text("limits: {per_host: none}\n" + text)
    assert 0 < len(loaded.plan.targets) < 36
    assert any("digital_invoice_prefix is not known" in note for note in loaded.notes)


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_every_secret_of_the_request_is_known_and_none_is_shown(read_text: ReadText) -> None:
    written = (
        'codes: nuonuo, request: {url: {env: URL}, headers: {X-Own: {env: H}, X-Token: "Bearer in-the-file"}, '
        'json: {appSecret: plain-secret, list: [{sign: s1gned}], signDate: "2026-11-21", taxNo: "91110000", t: {env: B}}}'
    )
    text = f"{HEAD}  - {{name: erp, kind: sync, authority: beijing, {written}}}\n"
    environ = {"URL": "https://me:pa55word@erp.example/api?key=k3yk3y", "H": "head-h", "B": "body-b"}
    loaded = read_text(text, environ)
    [target] = loaded.plan.targets.values()
    hidden = {
        "pa55word",
        "bWU6cGE1NXdvcmQ=",
        "k3yk3y",
        "head-h",
        "in-the-file",
        "plain-secret",
        "s1gned",
        "body-b",
    }
    assert hidden <= set(target.secrets)
    assert hidden <= loaded.secrets
    assert not {"91110000", "2026-11-21", "application/json"} & set(target.secrets)
    assert not [secret for secret in hidden if secret in repr(loaded) or secret in repr(target)]
    assert "pa55word" not in (target.url or "")


def test_an_address_that_cannot_be_used_is_not_shown(read_text: ReadText) -> None:
    [mistake] = refused(read_text, 'codes: nuonuo, request: {url: "gopher://h/?token=s3cret"}')
    assert "probes[0].request.url" in mistake
    assert "s3cret" not in mistake


@pytest.mark.parametrize(
    "compared",
    [
        'counts: {local: {url: "http://h/"}, local_path: $.n, remote: {url: "http://h/"}, remote_path: $.n}',
        'canary: {request: {url: "http://h/"}, path: $.n, equals: a, issued_at: {path: $.t}}',
        "items: {local: {file: f, number: n}, remote: {file: f, number: n}}",
    ],
)
def test_a_comparison_is_enough_beside_a_request(read_text: ReadText, compared: str) -> None:
    target = one(read_text, f"{REQUEST}, {compared}")
    assert target.sync is not None
    assert (target.sync.asks, target.url) == (True, "http://h/")


# --- what cannot be meant --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "path", "says"),
    [
        (REQUEST, "probes[0]", "one of codes, success, freshness, counts"),
        (f"{REQUEST}, codes: nuonou", "probes[0].codes", 'did you mean "nuonuo"?'),
        (f"{REQUEST}, codes: client", "probes[0].codes", "code_path"),
        (f'{REQUEST}, success: {{path: "$.a", in: ["1"]}}, code_path: "$.c"', "probes[0].code_path", "codes"),
        (f'{REQUEST}, success: {{path: "$.a", in: []}}', "probes[0].success.in", "empty list"),
        (f'{REQUEST}, success: {{path: "a.b", in: ["1"]}}', "probes[0].success.path", "path"),
        (f'{REQUEST}, success: {{path: "$.a"}}', "probes[0].success.in", "must be given"),
        (f'{REQUEST}, freshness: {{path: "$.a", warn: 2d}}', "probes[0].freshness.warn", "1d"),
        (f'{REQUEST}, freshness: {{path: "$.a", fail: 1h}}', "probes[0].freshness.fail", "1h"),
        (f"{REQUEST}, codes: nuonuo, counts: {{}}", "probes[0].counts.local", "`local` must be given"),
        (
            f'{REQUEST}, codes: nuonuo, counts: {{local: {{url: "http://h/", body: a, form: {{}}}}, local_path: $.n, remote: {{url: "http://h/"}}, remote_path: $.n}}',
            "probes[0].counts.local.body",
            "one of json, form and body is meant",
        ),
        (
            f'{REQUEST}, codes: nuonuo, counts: {{local: {{url: "ftp://h/"}}, local_path: $.n, remote: {{url: "http://h/"}}, remote_path: $.n}}',
            "probes[0].counts.local.url",
            "begins with http",
        ),
        (
            f'{REQUEST}, codes: nuonuo, counts: {{local: {{url: "http://h/"}}, local_path: n, remote: {{url: "http://h/"}}, remote_path: $.n, tolerance: -1, grace: long}}',
            "probes[0].counts.tolerance",
            "a whole number",
        ),
        (
            f'{REQUEST}, codes: nuonuo, canary: {{request: {{url: "http://h/"}}, path: $.n, equals: a, issued_at: {{}}}}',
            "probes[0].canary.issued_at",
            "neither path nor file",
        ),
        (
            f'{REQUEST}, codes: nuonuo, canary: {{request: {{url: "http://h/"}}, path: $.n, equals: a, issued_at: {{path: $.t, file: f}}}}',
            "probes[0].canary.issued_at",
            "both path and file",
        ),
        (
            f'{REQUEST}, codes: nuonuo, canary: {{request: {{url: "http://h/"}}, path: $.n, equals: a, issued_at: {{file: f}}, warn: 25h}}',
            "probes[0].canary.warn",
            "the warning comes before",
        ),
        (
            f"{REQUEST}, codes: nuonuo, items: {{local: {{number: n}}, remote: {{file: f, number: n}}}}",
            "probes[0].items.local",
            "neither request nor file",
        ),
        (
            "items: {local: {file: f, number: n}, remote: {file: f, number: n}}, success: {path: $.a, in: [b]}",
            "probes[0].success",
            "success without request",
        ),
        (f"{REQUEST}, codes: nuonuo, headers: {{}}", "probes[0].headers", "http | captcha"),
        (f"{REQUEST}, codes: nuonuo, expect: {{}}", "probes[0].expect", "http | captcha"),
        ("codes: nuonuo", "probes[0].request", "must be given"),
        ("codes: nuonuo, request: {}", "probes[0].request.url", "must be given"),
        ('codes: nuonuo, request: {url: "http://h/", jsn: {}}', "probes[0].request.jsn", '"json"'),
        (
            'codes: nuonuo, request: {url: "http://h/", json: {}, form: {}}',
            "probes[0].request.form",
            "json and form",
        ),
        ('codes: nuonuo, request: {url: "http://h/", method: GO}', "probes[0].request.method", "GET"),
        (
            'codes: nuonuo, request: {url: "http://h/", headers: {"a b": c}}',
            "probes[0].request.headers.a b",
            "header",
        ),
        ('codes: nuonuo, request: {url: "http://h/{nope}"}', "probes[0].request.url", "unknown fact"),
        ('codes: nuonuo, request: {url: "h:80"}', "probes[0].request.url", "http"),
    ],
)
def test_what_is_refused(read_text: ReadText, written: str, path: str, says: str) -> None:
    mistakes = refused(read_text, written)
    assert any(line.startswith(f"{path}: ") and says in line for line in mistakes), mistakes


def test_each_authority_at_the_same_address_is_refused(read_text: ReadText) -> None:
    text = f"{HEAD}  - {{name: erp, kind: sync, each: authority, codes: nuonuo, {REQUEST}}}\n"
    with pytest.raises(ConfigError, match="the same address for each authority"):
        read_text(text)
