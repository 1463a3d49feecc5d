"""Trains the dialogue when it changed, and has the fixed sentences spoken once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import List, Tuple

from ivr.errors import NotPrepared
from ivr.prepare.places import Places
from ivr.prepare.step import Job, empty, fingerprint

KEPT_MODELS = 3
"""Trained models that stay, for going back."""


def training_files(places: Places) -> List[Path]:
    """What a model depends on: everything in dialogue/ but the actions, which run elsewhere, and the tests."""
    folder = places.root / "dialogue"
    left_out = {"actions", "tests", "__pycache__", ".rasa", "models", "results"}
    return [
        file
        for file in folder.rglob("*")
        if file.is_file() and not left_out.intersection(file.relative_to(folder).parts)
    ]


def training_inputs(job: Job) -> str:
    rasa_lock = job.places.locks / "rasa.txt"
    return fingerprint([*training_files(job.places), rasa_lock], job.places.root)


def trained_models(job: Job) -> Tuple[Path, ...]:
    """The newest trained model, the one the line loads; a path that is not there when there is none."""
    places = job.places
    newest = sorted(places.trained.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    return (newest[-1] if newest else places.trained / "dialogue.tar.gz",)


def train(job: Job) -> None:
    if not (job.places.root / "dialogue/config.yml").is_file():
        raise NotPrepared("缺少 dialogue/config.yml：克隆得不完整，请重新 git clone。")
    train_into(job, job.places.root / "dialogue", job.places.trained)


def train_into(job: Job, dialogue: Path, trained: Path) -> Path:
    """Train that folder; the model joins those in `trained`, the oldest goes. Raises `NotPrepared`."""
    places = job.places
    fresh = empty(trained.with_name(trained.name + ".new"))
    words = [places.rasa / "bin/python", "-m", "rasa", "train", "--config", "config.yml"]
    words += ["--domain", "domain", "--data", "data"]
    env = {**places.own_home(), "PYTHONPATH": str(dialogue)}
    job.run([*words, "--out", fresh], "训练对话模型（约一两分钟）", env=env, cwd=dialogue)
    trained.mkdir(parents=True, exist_ok=True)
    for model in fresh.glob("*.tar.gz"):
        os.utime(model)  # the newest is the one that is loaded
        model.replace(trained / model.name)
    fresh.rmdir()
    models = sorted(trained.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    for old in models[:-KEPT_MODELS]:
        old.unlink()
    if not models:
        raise NotPrepared(f"训练没有得到模型，请看 {places.logs}。")
    return models[-1]


def spoken_inputs(job: Job) -> str:
    """Where the fixed sentences come from: the line's own, the dialogue's, and how they are spoken."""
    root = job.places.root
    files = [*(root / "data").rglob("*.yml"), *(root / "dialogue/domain").rglob("*.yml")]
    files += (root / "ivr/speech").rglob("*.py")
    return fingerprint(files, root) + repr(job.settings.get("speech", {}))


def speak(job: Job) -> None:
    words = [job.places.product / "bin/ivr", "speech", "prepare"]
    job.run(words, "合成固定的话", env=job.places.own_home(), cwd=job.places.root)
