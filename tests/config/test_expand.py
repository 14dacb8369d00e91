"""Probes × authorities → targets."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from monitor import __version__
from monitor.config.load import ConfigError
from monitor.knowledge import load_registry
from monitor.model import LOCAL, NATIONAL, Repeat, Verify
from tests.config.conftest import HEAD, ONE, ReadText

REACH = '  - {name: reach, kind: tls, each: authority, service: verify, host: "{verify_host}", port: "{verify_port}"}\n'
CAPTCHA = "  - {name: captcha, kind: captcha, each: authority}\n"
DPPT = (
    '  - {name: dppt, kind: tls, each: authority, service: dppt, host: "{dppt_host}", port: "{dppt_port}"}\n'
)


def test_each_makes_one_target_per_authority_with_its_facts(read_text: ReadText):
    targets = read_text(HEAD + REACH).plan.targets
    assert len(targets) == 36
    shanghai = targets["reach/shanghai"]
    facts = load_registry()["shanghai"].facts
    assert (shanghai.host, str(shanghai.port)) == (facts["verify_host"].value, facts["verify_port"].value)
    assert (shanghai.authority, shanghai.service, shanghai.probe) == ("shanghai", "verify", "reach")
    assert shanghai.port == 1001


def test_a_probe_without_each_is_one_target_of_its_own_name(read_text: ReadText):
    target = read_text(HEAD + ONE).plan.targets["one"]
    assert (target.id, target.authority, target.host, target.port) == ("one", "beijing", "127.0.0.1", 80)


def test_an_authority_whose_fact_is_null_is_skipped_and_said(read_text: ReadText):
    loaded = read_text(HEAD + DPPT)
    assert "dppt/xizang" not in loaded.plan.targets
    assert len(loaded.plan.targets) == 32
    [note] = [note for note in loaded.notes if note.startswith("dppt: ")]
    assert all(word in note for word in ("yunnan", "xizang", "qinghai", "ningxia", "dppt_host"))


def test_the_captcha_request_is_synthetic_and_unsigned(read_text: ReadText):
    target = read_text(HEAD + CAPTCHA).plan.targets["captcha/dalian"]
    base = load_registry()["dalian"].facts["verify_url"].value
    assert target.url == f"{base}/yzmQuery?callback=jQuery1124000000000000000_0&fpdm=2102990130&r=0"
    assert (target.service, target.port) == ("verify", 8402)
    assert not [word for word in ("key9", "publickey", "flwq39") if word in str(target.url)]


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("http://127.0.0.1:9/{slug}", "http://127.0.0.1:9/beijing/yzmQuery?"),
        ("http://127.0.0.1:9/{slug}/yzmQuery", "http://127.0.0.1:9/beijing/yzmQuery?"),
        ("http://127.0.0.1:9/own?fpdm={code}000000", "http://127.0.0.1:9/own?fpdm=1100000000"),
    ],
)
def test_a_captcha_address_of_ones_own(written: str, url: str, read_text: ReadText):
    limits = "limits: {per_host: none}\n"
    text = f'{HEAD}  - {{name: c, kind: captcha, each: authority, url: "{written}"}}\n{limits}'
    target = read_text(text).plan.targets["c/beijing"]
    assert str(target.url).startswith(url)
    assert (target.host, target.port) == ("127.0.0.1", 9)


def test_an_overridden_address_brings_host_port_and_scheme_along(read_text: ReadText):
    override = 'authorities: {only: [shandong], override: {shandong: {verify_url: "http://127.0.0.1:9137/NWebQuery"}}}\n'
    loaded = read_text(HEAD + REACH + CAPTCHA + override)
    reach, captcha = loaded.plan.targets["reach/shandong"], loaded.plan.targets["captcha/shandong"]
    assert (reach.kind, reach.host, reach.port) == ("tcp", "127.0.0.1", 9137)
    assert str(captcha.url).startswith("http://127.0.0.1:9137/NWebQuery/yzmQuery?")
    fact = loaded.plan.authorities["shandong"].facts["verify_port"]
    assert (fact.value, fact.confidence) == ("9137", "configured")
    assert any("plain tcp for shandong" in note for note in loaded.notes)


def test_an_overridden_part_of_an_address_changes_the_address(read_text: ReadText):
    override = "authorities: {only: [shandong], override: {shandong: {verify_host: '::1', verify_port: 9}}}\n"
    captcha = read_text(HEAD + CAPTCHA + override).plan.targets["captcha/shandong"]
    assert str(captcha.url).startswith("https://[::1]:9/NWebQuery/yzmQuery")
    assert (captcha.host, captcha.port) == ("::1", 9)


def test_an_override_may_name_what_was_not_known(read_text: ReadText):
    override = 'authorities: {only: [xizang], override: {xizang: {dppt_url: "https://h:8443"}}}\n'
    assert read_text(HEAD + DPPT + override).plan.targets["dppt/xizang"].host == "h"


def test_only_leaves_the_others_out(read_text: ReadText):
    loaded = read_text(f"{HEAD}{REACH}{ONE}authorities: {{only: [shandong, qingdao]}}\n")
    assert list(loaded.plan.targets) == ["reach/shandong", "reach/qingdao"]
    assert list(loaded.plan.authorities) == ["shandong", "qingdao"]
    assert any("leaves beijing out" in note for note in loaded.notes)


def test_watched_are_the_authorities_that_have_a_target(read_text: ReadText):
    assert list(read_text(HEAD + ONE).plan.authorities) == ["beijing"]


@pytest.mark.parametrize("written", ["role: control", "authority: local", "role: control, authority: local"])
def test_a_control_is_a_target_of_our_own_network(written: str, read_text: ReadText):
    plan = read_text(f"{HEAD}  - {{name: dns, kind: tcp, {written}, host: 223.5.5.5, port: 53}}\n").plan
    assert plan.targets["dns"].authority == LOCAL
    assert plan.targets["dns"].is_control
    assert plan.authorities == {}


def test_a_national_page_belongs_to_no_authority(read_text: ReadText):
    plan = read_text(
        f"{HEAD}  - {{name: page, kind: http, authority: national, url: 'https://h/a#b'}}\n"
    ).plan
    assert plan.targets["page"].authority == NATIONAL
    assert (plan.targets["page"].url, plan.targets["page"].port) == ("https://h/a", 443)


def test_a_probe_says_what_it_wants_and_defaults_say_the_rest(read_text: ReadText):
    text = f"""\
server: {{external_url: "https://m.example.cn"}}
defaults: {{interval: 10m, timeout: 8s, tls: {{ca: certifi, expiring: 7d}}, resolver: [223.5.5.5], max_body: 2kB}}
judgement: {{confirm: {{attempts: 5}}}}
{HEAD.removeprefix("version: 1")}
  - {{name: a, kind: http, authority: national, url: "http://h/", tls: {{verify: report}}, timeout: 2s, recover: {{attempts: 1}}}}
"""
    target = read_text(text).plan.targets["a"]
    assert (target.interval, target.timeout, target.while_down) == (600, 2, 60)
    assert (target.tls.verify, target.tls.ca, target.tls.expiring) == (Verify.REPORT, "certifi", 7 * 86400)
    assert target.confirm == Repeat(attempts=5, spacing=5)
    assert target.recover == Repeat(attempts=1, spacing=5)
    assert target.resolver == ("223.5.5.5:53",)
    assert target.max_body == 2000
    assert target.user_agent == f"fapiao-monitor/{__version__} (+https://m.example.cn)"


def test_roots_are_looked_for_beside_the_file(read_text: ReadText, tmp_path: Path):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    text = f"{HEAD}  - {{name: a, kind: tls, authority: beijing, host: h, tls: {{ca: ca.pem}}}}\n"
    assert read_text(text).plan.targets["a"].tls.ca == str(tmp_path / "ca.pem")


def test_a_user_in_an_address_becomes_a_header(read_text: ReadText):
    target = read_text(
        f"{HEAD}  - {{name: a, kind: http, authority: national, url: 'http://me:p%40ss@h/'}}\n"
    ).plan.targets["a"]
    assert target.url == "http://h/"
    assert target.headers == (("Authorization", "Basic bWU6cEBzcw=="),)
    assert target.carries_credential


def test_limits_count_what_probes_of_one_host_do_together(read_text: ReadText):
    probes = "".join(
        f"  - {{name: p{n}, kind: tcp, authority: beijing, host: h, port: 80, interval: 10s}}\n"
        for n in range(3)
    )
    with pytest.raises(ConfigError, match=r"h:80 is connected to up to 18 times in 1m \(p0, p1, p2\)"):
        read_text(HEAD + probes)
    assert read_text(f"{HEAD}{probes}limits: {{per_host: 18/m}}\n").plan.per_host == 18
    assert read_text(f"{HEAD}{probes}limits: {{per_host: none}}\n").plan.per_host is None


def test_limits_count_the_pace_of_what_is_down(read_text: ReadText):
    probe = "  - {name: p, kind: tcp, authority: beijing, host: h, port: 80, interval: 1h, timeout: 2s, while_down: 4s}\n"
    with pytest.raises(ConfigError, match="15 times"):
        read_text(HEAD + probe)
