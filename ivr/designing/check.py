"""Everything that `ivr dialogue check` looks at. Needs neither Rasa nor TensorFlow and takes about a second."""

from __future__ import annotations

from pathlib import Path

from ivr.designing.code import read_code
from ivr.designing.content import read_content
from ivr.designing.coverage import Coverage, check_coverage
from ivr.designing.data_check import check_data
from ivr.designing.examples_check import check_examples
from ivr.designing.finding import Finding
from ivr.designing.forms_check import check_forms
from ivr.designing.recordings_check import check_recordings
from ivr.designing.rules_check import check_rules
from ivr.designing.words_check import check_words


def check(root: Path, *, code: Path, scenarios: Path, coverage: Coverage | None = None) -> list[Finding]:
    """`root`: where dialogue/ and data/ are. `code`: folder of the dialogue's Python. `scenarios`: of callers.
    Findings in the order of files and lines, errors first."""
    content, names = read_content(root), read_code(code)
    if content.unreadable:  # what the other files miss may well stand in that one
        return sorted(content.findings, key=_order)
    files = sorted(scenarios.rglob("*.yml")) if scenarios.is_dir() else []
    found = [
        *content.findings,
        *check_forms(content, names),
        *check_rules(content, names),
        *check_words(content, names),
        *check_examples(content, files),
        *check_data(content),
        *check_recordings(content),
        *(check_coverage(content, coverage) if coverage else ()),
    ]
    return sorted(set(found), key=_order)


def _order(one: Finding) -> tuple[int, str, int, str]:
    return one.grade, str(one.at.file), one.at.line, one.says
