"""Stamps: done is skipped, changed is done again, interrupted is not done."""

from pathlib import Path

import pytest

from ivr.errors import NotPrepared
from ivr.prepare.__main__ import prepare
from ivr.prepare.places import Places
from ivr.prepare.step import Job, Step, empty, fingerprint, swap
from ivr.prepare.table import GOALS, STEPS
from ivr.prepare.terminal import Terminal


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(Places(tmp_path), Terminal(), {})


def writes(lock: Path, result: Path) -> Step:
    def work(job: Job) -> None:
        result.write_text(lock.read_text())

    return Step("one", "写一个文件", lambda job: lock.read_text(), lambda job: (result,), work)


def test_a_step_is_done_until_its_inputs_change_or_its_result_is_gone(job: Job, tmp_path: Path) -> None:
    lock, result = tmp_path / "lock", tmp_path / "result"
    lock.write_text("1")
    step = writes(lock, result)
    assert not step.is_done(job)
    step.carry_out(job)
    assert step.is_done(job)
    lock.write_text("2")
    assert not step.is_done(job)
    step.carry_out(job)
    result.unlink()
    assert not step.is_done(job)


def test_an_interrupted_step_is_not_done(job: Job, tmp_path: Path) -> None:
    lock, result = tmp_path / "lock", tmp_path / "result"
    lock.write_text("1")
    writes(lock, result).carry_out(job)

    def interrupted(job: Job) -> None:
        raise KeyboardInterrupt

    again = Step("one", "", lambda job: "2", lambda job: (result,), interrupted)
    with pytest.raises(KeyboardInterrupt):
        again.carry_out(job)
    assert not again.is_done(job)
    assert not writes(lock, result).is_done(job)


def test_what_changes_while_a_step_works_makes_it_run_again(job: Job, tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text("1")
    step = Step("one", "", lambda job: lock.read_text(), lambda job: (), lambda job: (lock.write_text("2"), None)[1])
    step.carry_out(job)
    assert not step.is_done(job)


def test_swap_puts_a_whole_folder_in_place_of_the_old(tmp_path: Path) -> None:
    old, new = tmp_path / "place", empty(tmp_path / "place.new")
    old.mkdir()
    (old / "stale").touch()
    (new / "fresh").touch()
    swap(new, old)
    assert [path.name for path in old.iterdir()] == ["fresh"]
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_a_fingerprint_does_not_depend_on_where_the_project_lies(tmp_path: Path) -> None:
    prints = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.yml").write_text("x")
        prints.append(fingerprint([tmp_path / name / "x.yml"], tmp_path / name))
    assert prints[0] == prints[1]


def test_every_goal_names_steps_of_the_table_in_order() -> None:
    names = [step.name for step in STEPS]
    assert len(set(names)) == len(names)
    for goal in GOALS.values():
        assert list(goal) == [name for name in names if name in goal]


def test_no_room_is_told_before_anything_is_fetched(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivr.prepare.machine.FULL_GB", 1e9)
    with pytest.raises(NotPrepared, match="磁盘空间不够"):
        prepare(job, ("machine",))
