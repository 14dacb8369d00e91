"""docs/explain.md: what the program says to these faults today."""

from __future__ import annotations

import re

from tests.docs.explained import CASES, DOCUMENT, WIDTH, answer, document, essence, simulated
from tests.docs.markdown import blocks, headings, text_of


async def test_every_answer_of_the_page_is_what_the_program_says(tmp_path):
    shown = {case.title: block.text for case, block in zip(CASES, blocks(DOCUMENT), strict=True)}
    wrong = {}
    async with simulated(tmp_path) as sim:
        for case in CASES:
            said = f"$ {case.line}\n{await answer(sim, case, tmp_path)}"
            if essence(said, case.language) != essence(shown[case.title], case.language):
                wrong[case.title] = said
    assert not wrong, "python -m tests.docs.explained writes the page anew"


def test_the_page_is_as_its_script_writes_it():
    answers = {
        case.title: block.text.partition("\n")[2].rstrip("\n")
        for case, block in zip(CASES, blocks(DOCUMENT), strict=True)
    }
    assert document(answers) == text_of(DOCUMENT)


def test_it_has_at_least_ten_answers_in_both_languages():
    assert len(headings(DOCUMENT, 2)) == len(CASES) >= 10
    assert min(sum(case.language == language for case in CASES) for language in ("zh", "en")) >= 5
    lines = [line for block in blocks(DOCUMENT) for line in block.text.splitlines()]
    assert max(map(len, lines)) <= int(WIDTH)


def test_one_cause_with_other_evidence_reads_otherwise():
    shown = {case.title: block.text for case, block in zip(CASES, blocks(DOCUMENT), strict=True)}

    def faults(cause: str) -> set[str]:
        found = [text for text in shown.values() if re.search(rf"(：|: ){cause}$", text, re.MULTILINE)]
        return {re.split(r"\n(?:查了什么|What was tried)", text)[0].splitlines()[-2] for text in found}

    assert len(faults("connection_reset")) == len(faults("dns_nxdomain")) == 2
