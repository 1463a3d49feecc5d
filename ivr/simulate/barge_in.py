"""What became of a caller's interruptions, from the tape of a call. Pure.

Time to silence runs from the first sample of the caller's sound to the last sample of the bot's that was heard; a
pause between two of the bot's words is no silence. After a cough or a mere 嗯 the bot should go on: the time to that
runs from the last sample of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ivr.audio import RATE, to_pcm
from ivr.simulate.handset import LOUD
from ivr.simulate.latency import SPLIT_S, Spread, Stops, stops
from ivr.simulate.tape import HeardSound, Noted, Tape

SPEECH, COUGH, HUM = "speech", "cough", "hum"
KINDS_ZH = {SPEECH: "说话打断", COUGH: "咳嗽", HUM: "嗯"}
SILENCE_S = 0.4
"""Silence this long is no pause between words."""
REACTION_S = 1.5
"""The line reacts to an interruption within this, or not at all."""
SOUNDING_S = 0.3
"""The bot was heard within this before."""
COUGH_S = 0.28
STEP = 80
"""Samples (10 ms) by which sound is trimmed."""


@dataclass(frozen=True, slots=True)
class Interruption:
    kind: str
    silent_ms: int | None
    """To the bot's silence; None = it spoke on."""
    stopped: bool
    """The line took it for a barge-in."""
    go_on_ms: int | None = None
    """From its end until the bot was heard again; None = it never stood still, or was stopped."""
    split: bool = False
    """The line made several turns of it."""


def interruptions(tape: Tape, heard: HeardSound) -> list[Interruption]:
    """Of the caller's sounds that fell upon the bot's; `said` events are named `kind` or `kind:…`."""
    line = tape.line
    return [
        _interruption(sound, line, heard)
        for sound in tape.utterances
        if _speaking(float(sound.values["started_at"]), line, heard)
    ]


def _speaking(at: float, line: Sequence[Noted], heard: HeardSound) -> bool:
    """Was the bot in the middle of a sentence, and heard?"""
    last = next((e.kind for e in reversed(line) if e.at <= at and e.kind in ("speaking", "played", "barge_in")), "")
    return last == "speaking" and heard.seconds(at - SOUNDING_S, at) > 0


def _interruption(sound: Noted, line: Sequence[Noted], heard: HeardSound) -> Interruption:
    begin, end = float(sound.values["started_at"]), sound.at
    kind = str(sound.values["name"]).partition(":")[0]
    near = [event for event in line if begin <= event.at <= end + REACTION_S]
    reacted = next((event.kind for event in near if event.kind in ("barge_in", "paused", "played")), "")
    stopped = any(event.kind == "barge_in" for event in near)
    split = sum(event.kind == "heard" and begin <= event.at <= end + SPLIT_S for event in line) > 1
    if reacted in ("", "played"):  # not noticed, or the sentence came to its own end
        return Interruption(kind, None, stopped=False, split=split)
    silent = heard.silent_from(begin, SILENCE_S)
    silent_ms = None if silent is None else round(1000 * (silent - begin))
    if stopped or kind == SPEECH:
        return Interruption(kind, silent_ms, stopped, split=split)
    again = heard.first_sound(max(end, silent or end))
    over = next((event.at for event in line if event.at >= begin and event.kind == "played"), float("inf"))
    if again is None or again > over:  # there was nothing left of the sentence to go on with
        return Interruption(kind, silent_ms, stopped=False)
    return Interruption(kind, silent_ms, stopped=False, go_on_ms=round(1000 * (again - end)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeInFigures:
    """Of all calls under one condition."""

    condition: str
    calls: int
    silence: Spread
    """To the bot's silence after it was spoken to, milliseconds."""
    spoken: int
    """Interruptions by speech."""
    missed: int
    """… after which the bot spoke on."""
    split: int
    """… of which the line made several turns."""
    noises: int
    """Coughs and 嗯 while the bot spoke."""
    held: int
    """… at which it stood still for a moment."""
    noise_stops: int
    """… that stopped it."""
    go_on: Spread
    bot_min: float
    false_stops: int
    """While the caller was silent."""
    hesitations: int


def figures_of(condition: str, calls: Sequence[tuple[Tape, HeardSound]]) -> BargeInFigures:
    every = [one for tape, heard in calls for one in interruptions(tape, heard)]
    spoken, noises = [one for one in every if one.kind == SPEECH], [one for one in every if one.kind != SPEECH]
    quiet = [stops(tape, heard) for tape, heard in calls]
    return BargeInFigures(
        condition=condition,
        calls=len(calls),
        silence=Spread.of(_told(one.silent_ms for one in spoken if one.stopped)),
        spoken=len(spoken),
        missed=sum(not one.stopped for one in spoken),
        split=sum(one.split for one in spoken),
        noises=len(noises),
        held=sum(one.silent_ms is not None and not one.stopped for one in noises),
        noise_stops=sum(one.stopped for one in noises),
        go_on=Spread.of(_told(one.go_on_ms for one in noises)),
        bot_min=_bot_min(quiet),
        false_stops=sum(one.false_stops for one in quiet),
        hesitations=sum(one.hesitations for one in quiet),
    )


def _told(values: Iterable[int | None]) -> list[float]:
    return [value for value in values if value is not None]


def _bot_min(quiet: Iterable[Stops]) -> float:
    return sum(one.bot_s for one in quiet) / 60


# --- the sounds that interrupt ------------------------------------------------------------


def trimmed(pcm: bytes) -> bytes:
    """Without the silence before and after it, by its energy."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    steps = samples[: len(samples) // STEP * STEP].reshape(-1, STEP)
    loud = np.flatnonzero(np.sqrt(np.mean(steps**2, axis=1)) >= LOUD)
    return pcm[2 * STEP * int(loud[0]) : 2 * STEP * (int(loud[-1]) + 1)] if len(loud) else b""


def cough(seed: int) -> bytes:
    """A burst of breath and its tail, different for each seed."""
    chance = np.random.default_rng(seed)
    at = np.arange(round(COUGH_S * RATE)) / RATE
    burst = chance.normal(0, 1, len(at))
    dark = np.convolve(burst, np.ones(6) / 6, mode="same")
    sound = burst * np.exp(-at / 0.02) + 1.6 * dark * np.exp(-np.maximum(0, at - 0.05) / 0.07)
    return to_pcm(0.35 * sound / np.abs(sound).max())
