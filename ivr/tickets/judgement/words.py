"""Words and patterns of the judgements, read from `data/judgement`. Edited by dialogue designers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ivr.errors import SettingsError
from ivr.packs import read_yaml
from ivr.tickets.judgement.profile import Profile, load_profile
from ivr.tickets.judgement.tone import Ramp, VoiceWeights

Pattern = re.Pattern[str]
NEVER: Pattern = re.compile(r"(?!)")
"""Matches nothing."""


@dataclass(frozen=True, slots=True)
class Danger:
    """One reason for P1."""

    why: str
    """What a person is told: 冒烟."""
    kind: str
    """safety, money or threat."""
    pattern: Pattern
    hotlines: tuple[str, ...] = ()
    """Only on these; empty = on all."""


@dataclass(frozen=True, slots=True)
class UrgencyRules:
    """`data/judgement/urgency.yml`, compiled; the file says what each is for."""

    dangers: tuple[Danger, ...] = ()
    p1_categories: Mapping[str, str] = field(default_factory=dict)
    p4_categories: tuple[str, ...] = ()
    names: Pattern = NEVER
    denied_before: Pattern = NEVER
    denied_after: Pattern = NEVER
    denied_inside: Pattern = NEVER
    affirmed_after: Pattern = NEVER
    supposed_before: Pattern = NEVER
    settled_before: Pattern = NEVER
    settled_after: Pattern = NEVER
    settled_once: Pattern = NEVER
    police_done: Pattern = NEVER
    others_before: Pattern = NEVER
    own_again: Pattern = NEVER
    unusable: Pattern = NEVER
    unusable_denied: Pattern = NEVER
    unusable_but: Pattern = NEVER
    unusable_not_in: tuple[str, ...] = ()
    unusable_always: Pattern = NEVER
    """Counts in those categories, too: the part is waited for, and the car does not run."""
    asks_only: Pattern = NEVER
    complaint: Pattern = NEVER


@dataclass(frozen=True, slots=True)
class Feeling:
    """Words of one weight for one emotion."""

    label: Literal["angry", "annoyed", "anxious"]
    weight: float
    """How strongly one such word speaks for it, 0…1."""
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class EmotionWords:
    """`data/judgement/emotion.yml`, compiled."""

    feelings: tuple[Feeling, ...] = ()
    names: Pattern = NEVER
    stronger: Pattern = NEVER
    weaker: Pattern = NEVER
    denied_before: Pattern = NEVER
    polite: Pattern = NEVER
    sarcasm: Pattern = NEVER
    voice: VoiceWeights = field(default_factory=VoiceWeights)


@dataclass(frozen=True, slots=True)
class LinkWords:
    """`data/judgement/linking.yml`, compiled."""

    earlier: Pattern = NEVER
    not_earlier: Pattern = NEVER
    other_problem: Pattern = NEVER
    families: tuple[frozenset[str], ...] = ()
    """Words that name the same symptom."""
    topics: tuple[frozenset[str], ...] = ()
    """Words of one subject: less than the same symptom."""
    profile: Profile = field(default_factory=Profile)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that `data/judgement` says."""

    urgency: UrgencyRules = field(default_factory=UrgencyRules)
    emotion: EmotionWords = field(default_factory=EmotionWords)
    linking: LinkWords = field(default_factory=LinkWords)


def load_judgement(folder: Path) -> Judgement:
    """With the dangers that single hotlines add (`data/packs/<hotline>/urgency.yml`). Raises `SettingsError` naming the
    file and the pattern that is wrong."""
    own = sorted((folder.parent / "packs").glob("*/urgency.yml"))
    return Judgement(
        urgency=_urgency(folder / "urgency.yml", own),
        emotion=_emotion(folder / "emotion.yml"),
        linking=replace(_linking(folder / "linking.yml"), profile=load_profile(folder / "likeness.json")),
    )


def plain(text: str) -> str:
    """The sentence as the patterns expect it: no blanks, half-width marks and letters, lower case."""
    marks = str.maketrans("，。！？；：、…～", ",.!?,,,.~")
    full = {code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B)}
    text = re.sub(r"\s+", "", text).translate(marks).translate(full).lower()
    # Patterns write the full stop as 。 because a bare dot means any character to them.
    return text.replace(".", "。") if not re.search(r"\d\.\d", text) else re.sub(r"(?<!\d)\.|\.(?!\d)", "。", text)


def _urgency(file: Path, own: Sequence[Path] = ()) -> UrgencyRules:
    raw = read_yaml(file)
    regulator = f"(?:{raw.get('regulator', '(?!)')})"
    one = _compiler(file, regulator)
    dangers = [
        Danger(rule["why"], rule["kind"], _compiler(place, regulator)(rule["patterns"], rule["why"]), hotlines)
        for place, hotlines in ((file, ()), *((each, (each.parent.name,)) for each in own))
        for rule in read_yaml(place).get("p1", ())
    ]
    unusable: Mapping[str, Any] = raw.get("unusable", {})
    asks: Mapping[str, Any] = raw.get("asks_only", {})
    single = (
        *(
            "names",
            "denied_before",
            "denied_inside",
            "denied_after",
            "affirmed_after",
            "supposed_before",
            "settled_before",
        ),
        *("settled_after", "settled_once", "police_done", "others_before", "own_again"),
    )
    return UrgencyRules(
        dangers=tuple(dangers),
        p1_categories=dict(raw.get("p1_categories", {})),
        p4_categories=tuple(raw.get("p4_categories", ())),
        unusable=one(unusable.get("patterns"), "unusable"),
        unusable_denied=one(unusable.get("denied"), "unusable.denied"),
        unusable_but=one(unusable.get("but"), "unusable.but"),
        unusable_always=one(unusable.get("always"), "unusable.always"),
        unusable_not_in=tuple(unusable.get("not_in", ())),
        asks_only=one(asks.get("patterns"), "asks_only"),
        complaint=one(asks.get("complaint"), "asks_only.complaint"),
        **{name: one(raw.get(name), name) for name in single},
    )


def _emotion(file: Path) -> EmotionWords:
    raw = read_yaml(file)
    one = _compiler(file)
    labels: tuple[Literal["angry", "annoyed", "anxious"], ...] = ("angry", "annoyed", "anxious")
    feelings = tuple(
        Feeling(label, float(weight), one(patterns, f"{label} {weight}"))
        for label in labels
        for weight, patterns in raw.get(label, {}).items()
    )
    single = ("names", "stronger", "weaker", "denied_before", "polite", "sarcasm")
    patterns = {name: one(raw.get(name), name) for name in single}
    return EmotionWords(feelings=feelings, voice=_voice(file, raw.get("voice") or {}), **patterns)


def _voice(file: Path, raw: Mapping[str, Any]) -> VoiceWeights:
    ramps = ("over_own_db", "dbov", "times_own_speed", "syllables_per_s")
    try:
        given: dict[str, Any] = {name: float(raw[name]) for name in ("loud", "fast", "from_the_start") if name in raw}
        given |= {name: Ramp(*map(float, raw[name])) for name in ramps if name in raw}
        return VoiceWeights(**given)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{file} 的 voice 不对：{error}。分量写一个数，范围写 [起点, 满分] 两个数。") from error


def _linking(file: Path) -> LinkWords:
    raw = read_yaml(file)
    one = _compiler(file)
    return LinkWords(
        earlier=one(raw.get("earlier"), "earlier"),
        not_earlier=one(raw.get("not_earlier"), "not_earlier"),
        other_problem=one(raw.get("other_problem"), "other_problem"),
        families=tuple(frozenset(words) for words in raw.get("same_symptom", ())),
        topics=tuple(frozenset(words) for words in raw.get("same_topic", ())),
    )


class _compiler:  # noqa: N801  (called like a function: one file's patterns)
    def __init__(self, file: Path, regulator: str = "") -> None:
        self._file, self._regulator = file, regulator

    def __call__(self, patterns: str | list[str] | None, place: str) -> Pattern:
        """One expression that matches where any of them does."""
        if not patterns:
            return NEVER
        each = [patterns] if isinstance(patterns, str) else [str(pattern) for pattern in patterns]
        try:
            for pattern in each:
                re.compile(pattern.replace("{regulator}", self._regulator))
            return re.compile("|".join(f"(?:{pattern.replace('{regulator}', self._regulator)})" for pattern in each))
        except re.error as error:
            raise SettingsError(f"{self._file} 的 {place} 里有一条正则表达式写错了：{error}。") from error
