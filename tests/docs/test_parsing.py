"""The little reader of Markdown that the other tests here stand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import markdown

TEXT = """# Title

Text with [a link](other.md#there), ![a picture](p.png) and `[no](link.md)`.

<!-- not run: needs a moon -->
```sh
# not a heading
moon
```

1. In a list:

   ```yaml
   a: 1
     b: 2
   ```

## The `/api/v1/events` & more

## tls_expired

text
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(markdown, "ROOT", tmp_path)
    name = Path(f"{tmp_path.name}.md")  # of its own: what was read is kept
    (tmp_path / name).write_text(TEXT)
    return name


def test_blocks_have_a_language_a_remark_and_no_indentation(path: Path):
    shell, yaml = markdown.blocks(path)
    assert (shell.language, shell.text, shell.remark) == (
        "sh",
        "# not a heading\nmoon\n",
        "not run: needs a moon",
    )
    assert shell.not_run
    assert (yaml.language, yaml.text, yaml.remark) == ("yaml", "a: 1\n  b: 2\n", "")
    assert (shell.place, yaml.place) == (f"{path}:6", f"{path}:13")


def test_anchors_are_those_of_github(path: Path):
    assert markdown.anchors(path) == {"title", "the-apiv1events--more", "tls_expired"}


def test_links_in_code_are_none(path: Path):
    assert markdown.links(path) == ["other.md#there", "p.png"]


def test_sections_hold_what_stands_below_a_heading(path: Path):
    assert markdown.sections(path, 2) == {"The `/api/v1/events` & more": "\n\n", "tls_expired": "\n\ntext\n"}
