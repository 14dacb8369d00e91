"""Which format a request asks for, and how labels are written."""

from __future__ import annotations

import pytest

from monitor.metrics.exposition import labels, wants_openmetrics

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("text/plain", False),
        (PROMETHEUS_2, True),
        (PROMETHEUS_3, True),
        ("application/openmetrics-text", True),
        ("Application/OpenMetrics-Text; Version=1.0.0", True),
        ('application/openmetrics-text; version="1.0.0"', True),
        ('application/openmetrics-text;version="0.0.1"', False),
        ("application/openmetrics-text;version=0.0.1", False),
        ("application/openmetrics-text;q=0.2,text/plain;q=0.9", False),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=nonsense", False),
        (";;;,,,=;q", False),
    ],
)
def test_the_accept_header_decides_the_format(accept, expected):
    assert wants_openmetrics(accept) is expected


def test_a_label_is_escaped_so_that_it_can_neither_end_nor_break_the_line():
    assert labels(name='a\\b"c\nd') == 'name="a\\\\b\\"c\\nd"'


def test_an_unpaired_surrogate_does_not_break_the_whole_scrape():
    assert labels(name="x\ud800").encode() == b'name="x?"'
