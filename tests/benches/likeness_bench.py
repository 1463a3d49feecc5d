"""Likeness of two descriptions beside people's judgement.

    python tests/benches/likeness_bench.py PAIRS.tsv          # score, one, other; tab between; a header is skipped
    python tests/benches/likeness_bench.py --profile          # makes data/judgement/likeness.json anew

PAIRS: people's score of "asks the same" (any scale), as the JDDC pairs of github.com/wangruicn/DialogueCSE have it.
Prints Spearman's ρ of the words alone, of the meaning alone and of both, the area under the ROC curve of clearly alike
(≥ 4 of 5) against clearly different (≤ 2), and the time a pair takes.
`--profile` counts the training sentences of the dialogue; takes about 11 ms a sentence.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import yaml

from ivr.tickets.judgement.words import LinkWords, load_judgement
from ivr.tickets.likeness import likeness, profile_of

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "data" / "judgement" / "likeness.json"


def read_pairs(file: Path) -> list[tuple[float, str, str]]:
    rows = (line.split("\t") for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#"))
    return [(float(score), one, other) for score, one, other, *_ in rows if score.replace(".", "").isdigit()]


def ranks(values: Sequence[float]) -> np.ndarray:
    """Ranks, equal values sharing their mean rank."""
    _, place, count = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def spearman(scores: Sequence[float], truth: Sequence[float]) -> float:
    return float(np.corrcoef(ranks(scores), ranks(truth))[0, 1])


def auc(scores: Sequence[float], truth: Sequence[float]) -> float:
    alike = [score for score, true in zip(scores, truth, strict=True) if true >= 4]
    other = [score for score, true in zip(scores, truth, strict=True) if true <= 2]
    wins = sum((a > b) + (a == b) / 2 for a in alike for b in other)
    return wins / (len(alike) * len(other)) if alike and other else float("nan")


def measure(name: str, scorer: Callable[[str, str], float], pairs: Sequence[tuple[float, str, str]]) -> None:
    begun = time.perf_counter()
    scores = [scorer(one, other) for _, one, other in pairs]
    spent = (time.perf_counter() - begun) * 1000 / len(pairs)
    truth = [score for score, _, _ in pairs]
    print(f"{name:10} Spearman {spearman(scores, truth):.3f}   AUC {auc(scores, truth):.3f}   {spent:6.2f} ms a pair")


def training_sentences() -> list[str]:
    sentences = []
    for file in sorted((ROOT / "dialogue" / "data" / "nlu").glob("*.yml")):
        for intent in yaml.safe_load(file.read_text("utf-8"))["nlu"]:
            sentences += [line.removeprefix("- ") for line in str(intent["examples"]).splitlines()]
    return sentences


def write_profile() -> None:
    profile = profile_of(training_sentences())
    PROFILE.write_text(json.dumps(profile, ensure_ascii=False, indent=None) + "\n", "utf-8")
    print(f"{PROFILE}: {profile['sentences']} sentences, {len(profile['holding'])} characters")


def main() -> None:
    parser = argparse.ArgumentParser(description="Likeness of two descriptions beside people's judgement.")
    parser.add_argument("pairs", type=Path, nargs="?", help="score, one, other; tab between")
    parser.add_argument("--profile", action="store_true", help="make data/judgement/likeness.json anew")
    options = parser.parse_args()
    if options.profile:
        write_profile()
    if options.pairs:
        pairs, words = read_pairs(options.pairs), load_judgement(PROFILE.parent).linking
        measure("words", lambda one, other: likeness(one, other, words, vector=lambda _: None), pairs)
        measure("both", lambda one, other: likeness(one, other, words), pairs)
        without = LinkWords(topics=words.topics, profile=words.profile)
        measure("no symptoms", lambda one, other: likeness(one, other, without), pairs)


if __name__ == "__main__":
    sys.exit(main())
