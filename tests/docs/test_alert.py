"""The alert that both READMEs show reads as the product writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.model import Outcome, Verdict, Vote
from monitor.notify.text import title_and_text
from tests.docs.markdown import blocks
from tests.notify.examples import a_notification, a_plan, an_incident

AT = datetime(2026, 11, 22, 2, 10, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    ("path", "language", "vantage"),
    [("README.md", "en", "shanghai-office"), ("README.zh.md", "zh", "上海财务共享中心")],
)
def test_the_alert_of_a_readme_is_one_of_ours(path: str, language: str, vantage: str):
    facts = ("targets_failing=2/2", "controls_failing=0/2", "references_ok=0/1")
    incident = an_incident(
        facts=facts, first_failure_at=AT - timedelta(seconds=12), verdict=Verdict.AGREE_DOWN
    )
    vote = Vote(source="hq", outcome=Outcome.TIMEOUT, age_seconds=12)
    plan = a_plan(language=language, vantage=vantage, external_url="")
    title, text = title_and_text(a_notification(incident, at=AT, reference=(vote,)), plan)
    (shown,) = [block.text for block in blocks(Path(path)) if block.language == "console"]
    assert shown == f"{title}\n{text.strip()}\n"
