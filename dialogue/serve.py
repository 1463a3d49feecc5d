"""Rasa's own command line, faster: `python dialogue/serve.py run …` is `python -m rasa run …`.

What is put in the place of Rasa's parts, each for what it cost of a turn (docs/benchmarks.md):

- `RemoteAction.run`: `action_calls.py`. Most calls need no action server; the others carry less, on a connection that
  stays open, and their answers are not checked against a JSON schema (which cost more than all else).
- `Event.resolve_by_type`: Rasa walks the tree of all event classes for every event it reads.
- `DaskGraphRunner.run`: `graph_run.py`.
- `LogisticRegressionClassifier.load`: the weights lie in memory as they are read; Rasa turns them round every sentence.
- `MessageProcessor.parse_message`: the sentence's vector is made in a thread, so that other conversations go on.
- `MessageProcessor._check_for_unseen_features`: a warning that costs a new domain for every sentence; training and
  `ivr dialogue check` tell of intents that the domain does not have.

Conversations are kept by `recent_trackers.py`, which Rasa finds through `endpoints.yml`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

RASA = "3.6."
"""Releases that this fits."""


def replace(owner: Any, name: str, replacement: Any) -> None:
    """Puts ours in the place of a part of Rasa, which must be there."""
    if not hasattr(owner, name):
        raise SystemExit(
            f"错误：Rasa 里没有 {owner.__name__}.{name}。dialogue/serve.py 只适用于 Rasa {RASA}x："
            "请按 requirements/rasa.txt 重新安装（make prepare），或改 dialogue/serve.py。"
        )
    setattr(owner, name, replacement)


def check_release() -> None:
    import rasa

    if not rasa.__version__.startswith(RASA):
        raise SystemExit(
            f"错误：这是 Rasa {rasa.__version__}，dialogue/serve.py 只适用于 {RASA}x："
            "请按 requirements/rasa.txt 重新安装（make prepare）。"
        )


def make_faster() -> None:
    check_release()
    from action_calls import run as run_action
    from graph_run import run as run_graph
    from rasa.core.actions.action import RemoteAction
    from rasa.core.processor import MessageProcessor
    from rasa.engine.runner.dask import DaskGraphRunner
    from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
    from rasa.shared.core.events import Event

    replace(RemoteAction, "run", run_action)
    replace(DaskGraphRunner, "run", run_graph)
    replace(Event, "resolve_by_type", staticmethod(by_type(Event)))
    replace(LogisticRegressionClassifier, "load", classmethod(laid_out(LogisticRegressionClassifier.load.__func__)))
    replace(MessageProcessor, "parse_message", with_vector_ahead(MessageProcessor.parse_message))
    replace(MessageProcessor, "_check_for_unseen_features", lambda self, parse_data: None)


def by_type(event: Any) -> Callable[..., Any]:
    from rasa.shared.utils.common import all_subclasses

    kinds = {kind.type_name: kind for kind in reversed(all_subclasses(event)) if getattr(kind, "type_name", None)}
    resolve = event.resolve_by_type

    def resolve_by_type(type_name: str, default: Any = None) -> Any:
        return kinds.get(type_name) or resolve(type_name, default)

    return resolve_by_type


def laid_out(load: Callable[..., Any]) -> Callable[..., Any]:
    """A sparse sentence times the weights reads them category by category."""
    import numpy as np

    def loaded(cls: type, *given: Any, **named: Any) -> Any:
        classifier = load(cls, *given, **named)
        if getattr(classifier.clf, "coef_", None) is not None:
            classifier.clf.coef_ = np.asfortranarray(classifier.clf.coef_)
        return classifier

    return loaded


def with_vector_ahead(parse: Callable[..., Any]) -> Callable[..., Any]:
    from components.sentence_vector import SentenceVectorFeaturizer, ahead

    async def parse_message(self: Any, message: Any, *given: Any, **named: Any) -> Any:
        nodes = self.model_metadata.predict_schema.nodes.values()
        wanted = any(issubclass(node.uses, SentenceVectorFeaturizer) for node in nodes)
        if wanted and message.text and not message.text.startswith("/"):
            await ahead(message.text)
        return await parse(self, message, *given, **named)

    return parse_message


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    make_faster()
    from rasa.__main__ import main as rasa
    from timings import measure_if_asked

    measure_if_asked()
    rasa()


if __name__ == "__main__":
    main()
