"""From the tape of a call to its figures: answer gaps, the greeting, cut-off turns, stops that nobody caused. Pure.

The answer gap runs from the caller's last speech sample (by the energy of the file that was played) to the first sample
heard of the sentence that carries the answer. A filler before it does not count: it is stepped over by its length.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.simulate.load import percentile
from ivr.simulate.tape import HeardSound, Noted, Tape

SHORT_ASKS = frozenset({"confirm", "prior_ticket", "handoff_offer", "anything_else"})
"""Answered by a yes, a no or a choice."""
SKEW_S = 0.05
"""An event of the line may arrive this much after its sound."""
HESITATION_S = 0.5
"""A pause that ends within this is a hesitation, no stop."""
OWN_VOICE_S = 0.6
"""After the caller's last sample a stop is still the caller's doing."""
SPLIT_S = 2.0
"""Words that the line still makes of this utterance arrive within this."""
PHASES = {
    "end_of_turn": ("heard", "end_of_turn_ms"),
    "recognition": ("heard", "took_ms"),
    "dialogue": ("reply", "took_ms"),
    "first_sound": ("speaking", "took_ms"),
}
"""Phase of a turn → event and value that tell it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one utterance of the caller."""

    kind: str
    """What it answered: open, short (yes, no, a choice) or digits."""
    gap_ms: int | None
    """None: it got no answer of its own (cut off, silence, the end)."""
    filled: bool
    """A filler came first."""
    cut_off: bool
    """The line took it for over, or for several, before the caller had finished."""
    phases_ms: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stops:
    """What became of the bot's sentences while the caller was silent."""

    bot_s: float
    """Sound of the bot."""
    false_stops: int
    """Its sentence was broken off, or held for longer than a hesitation."""
    hesitations: int
    """Held, and gone on with at once."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One call."""

    greeting_ms: int | None
    """From 200 OK to the first sound."""
    answers: tuple[Answer, ...]
    stops: Stops


FillerLength = Callable[[Mapping[str, Any]], float]
"""Seconds of sound of a `filler` event."""


def measure(tape: Tape, heard: HeardSound, digit_fields: Collection[str], filler_s: FillerLength) -> Measured:
    return Measured(_greeting_ms(tape, heard), tuple(_answers(tape, heard, digit_fields, filler_s)), stops(tape, heard))


def _greeting_ms(tape: Tape, heard: HeardSound) -> int | None:
    if tape.answered_at is None or (first := heard.first_sound(tape.answered_at)) is None:
        return None
    return round(1000 * (first - tape.answered_at))


def _answers(tape: Tape, heard: HeardSound, digit_fields: Collection[str], filler_s: FillerLength) -> Iterable[Answer]:
    said, line = tape.utterances, tape.line
    for number, utterance in enumerate(said):
        begin = float(utterance.values["started_at"])
        end = float(said[number + 1].values["started_at"]) if number + 1 < len(said) else float("inf")
        asks = next((event.values.get("asks") or () for event in reversed(line) if _asked(event, begin)), ())
        within = [event for event in line if begin <= event.at < end]
        yield _answer(utterance.at, within, heard, _kind(asks, digit_fields), filler_s)


def _asked(event: Noted, before: float) -> bool:
    return event.kind == "reply" and event.at < before


def _kind(asks: Sequence[str], digit_fields: Collection[str]) -> str:
    if any(ask in digit_fields for ask in asks):
        return "digits"
    return "short" if asks and all(ask in SHORT_ASKS for ask in asks) else "open"


def _answer(said_at: float, within: Sequence[Noted], heard: HeardSound, kind: str, filler_s: FillerLength) -> Answer:
    """`within`: what the line told from the utterance's begin to the next one's."""
    cut_off = sum(event.kind == "heard" and event.at < said_at + SPLIT_S for event in within) > 1 or any(
        event.kind in ("heard", "reply") and event.at < said_at for event in within
    )
    reply = next((event for event in within if event.kind == "reply"), None)
    words = any(event.kind == "heard" for event in within)
    silence_first = next((event.kind for event in within if event.kind in ("heard", "silence")), "") == "silence"
    filler = next((event for event in within if event.kind == "filler"), None)
    if reply is None or cut_off or not words or silence_first:
        return Answer(kind, None, filler is not None, cut_off)
    after = max(said_at, reply.at - SKEW_S)
    if filler is not None and (began := heard.first_sound(max(said_at, filler.at - SKEW_S))) is not None:
        after = max(after, began + filler_s(filler.values))
    first = heard.first_sound(after)
    gap_ms = None if first is None else round(1000 * (first - said_at))
    return Answer(kind, gap_ms, filler is not None, cut_off, _phases(within))


def _phases(within: Sequence[Noted]) -> dict[str, int]:
    found: dict[str, int] = {}
    for phase, (kind, value) in PHASES.items():
        told = [event.values[value] for event in within if event.kind == kind and value in event.values]
        if told:
            found[phase] = int(told[0] if phase != "first_sound" else told[-1])
    return found


def stops(tape: Tape, heard: HeardSound) -> Stops:
    """Of the bot's sentences, from the answer to the hand-over or the end."""
    line = tape.line
    over = next((event.at for event in line if event.kind in ("handoff", "ended")), float("inf"))
    end = min(over, max((event.at for event in tape.phone), default=0.0))
    spoken = [(float(event.values["started_at"]), event.at + OWN_VOICE_S) for event in tape.utterances]
    own = [event for event in line if event.at <= over and not any(a <= event.at <= b for a, b in spoken)]
    broken = sum(event.kind == "barge_in" for event in own)
    held = [_held_s(event, line) for event in own if event.kind == "paused"]
    long = sum(s > HESITATION_S for s in held if s is not None)
    bot_s = heard.seconds(tape.answered_at or 0.0, end)
    return Stops(bot_s, broken + long, sum(s is not None for s in held) - long)


def _held_s(paused: Noted, line: Sequence[Noted]) -> float | None:
    """How long the sentence stood still; None when it was broken off."""
    after = next((event for event in line if event.at >= paused.at and event.kind in ("resumed", "barge_in")), None)
    return after.at - paused.at if after is not None and after.kind == "resumed" else None


# --- figures of many calls ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spread:
    """Of one measure, in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(len(values), *(percentile(values, percent) for percent in (50, 95, 99)))


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyFigures:
    """Of all calls under one condition."""

    condition: str
    calls_at_once: int
    calls: int
    gaps: Mapping[str, Spread]
    """all, open, short, digits."""
    greeting: Spread
    phases: Mapping[str, Spread]
    turns: int
    """Utterances of callers."""
    filled_share: float
    """Turns that got a filler first."""
    cut_off_share: float
    bot_min: float
    """Sound of the bot, minutes."""
    false_stops: int
    hesitations: int
    wasted_share: float | None = None
    """Decodings that were thrown away, of all."""
    cpu_percent: Mapping[str, float] = field(default_factory=dict)
    """Of one core, for each call at once, by program of the line."""
    gaps_ms: tuple[int, ...] = ()
    """Every gap, for the picture."""

    @property
    def false_stops_per_100_min(self) -> float | None:
        return 100 * self.false_stops / self.bot_min if self.bot_min else None


def figures_of(
    condition: str,
    calls_at_once: int,
    measured: Sequence[Measured],
    wasted_share: float | None = None,
    cpu_percent: Mapping[str, float] | None = None,
) -> LatencyFigures:
    answers = [answer for call in measured for answer in call.answers]
    gaps = {kind: [a.gap_ms for a in answers if a.gap_ms is not None and kind in ("all", a.kind)] for kind in KINDS_ZH}
    return LatencyFigures(
        condition=condition,
        calls_at_once=calls_at_once,
        calls=len(measured),
        gaps={kind: Spread.of(of_kind) for kind, of_kind in gaps.items()},
        greeting=Spread.of([call.greeting_ms for call in measured if call.greeting_ms is not None]),
        phases={name: Spread.of([a.phases_ms[name] for a in answers if name in a.phases_ms]) for name in PHASES},
        turns=len(answers),
        filled_share=_share(answer.filled for answer in answers),
        cut_off_share=_share(answer.cut_off for answer in answers),
        bot_min=sum(call.stops.bot_s for call in measured) / 60,
        false_stops=sum(call.stops.false_stops for call in measured),
        hesitations=sum(call.stops.hesitations for call in measured),
        wasted_share=wasted_share,
        cpu_percent=cpu_percent or {},
        gaps_ms=tuple(sorted(gaps["all"])),
    )


KINDS_ZH = {"all": "全部", "open": "描述", "short": "是否、选择", "digits": "号码"}


def _share(flags: Iterable[bool]) -> float:
    listed = list(flags)
    return sum(listed) / len(listed) if listed else 0.0
