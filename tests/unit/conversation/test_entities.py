"""The labelled sentences of tests/nlu/entities.tsv: what is found in them without NLU, by the words alone."""

from __future__ import annotations

from tests.nlu.labelled import entities, field_counts, micro


def test_fields_are_found_as_people_say_them() -> None:
    counts, faults = field_counts(entities(), lambda _: {})
    assert micro(counts) >= 0.93, "\n".join(faults)
    poor = {name: round(one.f1, 2) for name, one in counts.items() if one.f1 < 0.85}
    assert not poor, "\n".join(faults)
