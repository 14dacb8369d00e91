"""A value is read by the rule of its key, never by its look; it may come from the environment or a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.load import ConfigError
from monitor.config.scalars import duration, listen, name_server, rate, size
from monitor.model import JsonExpectation, Verify
from tests.config.conftest import HEAD, ONE, ReadText


def test_the_traps_of_yaml_1_1_are_closed(read_text: ReadText):
    text = """\
vantage: NO
probes:
  - name: 0777
    kind: http
    authority: national
    url: http://h:80/
    follow_redirects: no
    tls: {verify: false}
    headers: {X-Time: 22:30, X-Date: 2026-11-21, X-On: on}
    expect: {body_contains: [1e3, ~, null], json: [{path: $.code, equals: 0000}]}
"""
    plan = read_text(text).plan
    target = plan.targets["0777"]
    assert plan.vantage == "NO"
    assert target.follow_redirects == "no"
    assert target.tls.verify is Verify.FALSE
    assert target.headers == (("X-Time", "22:30"), ("X-Date", "2026-11-21"), ("X-On", "on"))
    assert target.expect.body_contains == ("1e3", "~", "null")
    assert target.expect.json == (JsonExpectation(path="$.code", equals="0000"),)


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("5s", 5), ("5m", 300), ("4h", 14400), ("14d", 1209600), ("0s", 0)]
)
def test_durations(text: str, seconds: float):
    assert duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["5", "5 s", "1.5s", "1h30m", "-1s", "s", "５s", "1e3s", "", "5S", "9" * 5000 + "s"]
)
def test_what_is_no_duration(text: str):
    with pytest.raises(ValueError):  # noqa: PT011 - the text of it is the type's, where it has none of its own
        duration(text)


def test_rates_sizes_and_addresses():
    assert rate("12/m") == (12, 60)
    assert rate("20/h") == (20, 3600)
    assert rate("none") is None
    assert (size("1MiB"), size("64kB"), size("512")) == (1 << 20, 64000, 512)
    assert listen("[::1]:8036") == ("::1", 8036)
    assert listen("0.0.0.0:0") == ("0.0.0.0", 0)
    assert name_server("223.5.5.5") == "223.5.5.5:53"
    assert name_server("[::1]:5353") == "[::1]:5353"


def test_any_text_may_come_from_the_environment_or_a_file(read_text: ReadText, tmp_path: Path):
    (tmp_path / "token").write_text("from-a-file\n")
    text = f"""\
vantage: {{env: WHERE}}
server: {{token: {{file: token}}, listen: {{env: LISTEN}}}}
probes:
{ONE}    """.rstrip()
    loaded = read_text(f"{text}\n", {"WHERE": "上海", "LISTEN": "127.0.0.1:0"})
    assert loaded.plan.vantage == "上海"
    assert loaded.plan.token == "from-a-file"
    assert loaded.plan.listen == ("127.0.0.1", 0)
    assert loaded.secrets == {"from-a-file"}


def test_a_section_with_everything_commented_out_is_absent(read_text: ReadText):
    loaded = read_text(f"{HEAD}{ONE}alerts:\n  receivers:\n  # oncall: …\nlimits:\n")
    assert loaded.plan.receivers == ()
    assert loaded.plan.per_host == 12


def test_merge_keys_lay_under_what_is_written(read_text: ReadText):
    text = f"{HEAD}  - &first {ONE.strip().removeprefix('- ')}\n  - {{<<: *first, name: two, port: 81}}\n"
    targets = read_text(text).plan.targets
    assert (targets["one"].port, targets["two"].port) == (80, 81)
    assert targets["two"].host == "127.0.0.1"


SECRETS = {"PASSWORD": "s3cr3t-pa55word", "KEY": "k3y-of-the-erp-system", "BAD": "bad value with s3cr3t"}
HOOK = "json://127.0.0.1/long-opaque-words-in-it"
ALL_SECRET = f"""\
server: {{token: {{env: KEY}}}}
probes:
{ONE}\
  - {{name: erp, kind: http, authority: beijing, url: "https://me:pa55word-in-url@h/x", headers: {{X-Api-Key: {{env: KEY}}}}}}
  - {{name: url, kind: http, authority: beijing, url: {{env: URL}}}}
alerts:
  receivers:
    a: {{apprise: [{{env: HOOK}}, "json://user:pa55word-of-json@127.0.0.1/"]}}
    b: {{webhook: "http://127.0.0.1/hook?access_token=0123456789abcdef0123", token: {{env: PASSWORD}}}}
"""


def test_secrets_are_collected_and_hidden(read_text: ReadText):
    loaded = read_text(ALL_SECRET, {**SECRETS, "URL": "https://h/?key=of-a-url", "HOOK": HOOK})
    assert {
        SECRETS["KEY"],
        SECRETS["PASSWORD"],
        "https://h/?key=of-a-url",
        HOOK,
        "long-opaque-words-in-it",
        "pa55word-of-json",
        "0123456789abcdef0123",
    } <= loaded.secrets
    assert "pa55word" not in str(loaded.plan.targets["erp"].url)
    assert all(loaded.plan.targets[name].carries_credential for name in ("erp", "url"))
    assert not [word for word in ("opaque", "k3y", "pa55", "0123456789abcdef") if word in repr(loaded)]


def test_no_mistake_shows_a_secret(read_text: ReadText):
    broken = (
        ALL_SECRET.replace('"json:', '"nosuch:')
        .replace('"http:', '"gopher:')
        .replace("{env: PASSWORD}", "{env: BAD}")
    )
    with pytest.raises(ConfigError) as caught:
        read_text(
            f"{broken}vantage: {{env: BAD}}\ntimezone: {{env: BAD}}\n", {**SECRETS, "URL": "ftp://s3cr3t/"}
        )
    said = str(caught.value)
    assert len(caught.value.mistakes) >= 5
    assert not [word for word in ("s3cr3t", "k3y", "pa55", "0123456789abcdef") if word in said]
