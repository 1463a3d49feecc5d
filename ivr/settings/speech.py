"""Hearing, speaking, and whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Turn-taking, in seconds of sound."""

    speech_probability: float = 0.5
    """Voice activity at or over this is speech."""
    start_s: float = 0.10
    """Speech this long starts an utterance."""
    barge_in_s: float = 0.24
    """Speech this long while the bot speaks stops it; shorter only pauses it."""
    resume_s: float = 0.26
    """Silence this long after a false barge-in, and the bot goes on."""
    hold_s: float = 0.48
    """A prompt is held no longer than this: by then the caller has taken the floor, or the bot goes on."""
    echo_db: float = -20.0
    """Echo of the bot's own voice expected at first, below the bot's loudness; then each call learns its own."""
    decode_s: float = 0.08
    """Silence this long, and recognition begins, to be thrown away when speech goes on."""
    end_whole_s: float = 0.3
    """Silence that ends an answer of which nothing more is to be expected: a yes, a choice, a whole number."""
    end_s: float = 0.56
    """Silence that ends any other answer. Voice activity itself notices an end 0.1 s late."""
    end_digits_s: float = 1.1
    """Silence that ends a number whose length is not known: people pause between groups."""
    end_unfinished_s: float = 1.9
    """Silence that ends a sentence that broke off (因为…), a number short of its length."""
    end_wordless_s: float = 1.0
    """Silence that ends an utterance whose words are not there yet: recognition is slow."""
    longest_s: float = 30.0
    """An utterance is cut here."""
    silence_s: float = 5.0
    """Silence after a question, and the bot speaks again; the dialogue's rules say what."""
    key_gap_s: float = 3.0
    """Pause that ends keyed digits."""
    key_gap_whole_s: float = 1.0
    """Pause that ends keyed digits that are a whole number."""
    filler_s: float = 0.7
    """When the answer will take longer than this, something short is said first."""
    filler_by_s: float = 0.56
    """By then after the end of the turn."""
    protected_s: float = 0.3
    """The first part of a prompt that speech does not interrupt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserChoice:
    """What hears a hotline's callers."""

    engine: Literal["whisper", "vosk", "vosk_server", "sherpa"] = "whisper"
    """The embedded Whisper, a Vosk model, Vosk on other machines (vosk-server's websocket), or a streaming model of
    sherpa-onnx."""
    model: str = ""
    """Vosk, sherpa: name of a folder in `var/models-speech` or `.tools/models`, or a path."""
    grammar: bool = True
    """Vosk: questions answered by yes, no or digits are first heard with those words only."""
    alternatives: int = 0
    """Vosk: other hypotheses asked for; then its confidence comes from their scores, not from the words."""
    hotwords_score: float = 1.5
    """Sherpa, transducers: what each token of an expected answer or a term adds to the score of the search (natural
    logarithm); 0 = none, and the faster greedy search."""
    threads: int = 1
    """Of the decoding, here. Utterances beyond that take turns."""
    addresses: tuple[str, ...] = ()
    """Vosk server: ws:// or wss:// addresses; the least busy one hears the next utterance."""
    connect_timeout_s: float = 1.0
    """Vosk server: one that has not taken the connection by then rests for a while."""
    answer_timeout_s: float = 1.2
    """Vosk server: words that are not there so long after the end of an utterance come from the fallback."""
    phrase_list: bool = False
    """Vosk server: closed questions are first heard with their answers only. Just for models that know these words:
    a server does not tell what its model knows."""
    fallback: Literal["whisper", "vosk", "sherpa"] = "whisper"
    """Vosk server: what hears here when no server does, with the `model`, `grammar`, … of this choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    recognisers: Mapping[str, RecogniserChoice] = field(default_factory=dict)
    """By hotline; `default` = all others. Without one: the embedded Whisper."""
    beam: int = 5
    least_confidence: float = 0.35
    """Below this the dialogue asks again in another way."""
    voices: tuple[str, ...] = ("mandarin", "espeak:cmn")
    """What speaks, best first: `mandarin` (embedded), `edge:VOICE` (online, e.g. edge:zh-CN-XiaoxiaoNeural),
    `espeak:VOICE` (espeak-ng). The next one takes over when one fails, or is online and late."""
    hotline_voices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Hotline → its own `voices`."""
    first_sound_s: float = 0.3
    """How long a caller waits for an online voice before the next one speaks."""
    edge_address: str = ""
    """Websocket address of the online voice; empty = the service's own."""
    edge_proxy: str = ""
    """HTTP proxy on the way to the online voice."""
    voice_speed: float = 1.0
    """Faster over 1."""
    loudness_dbov: float = -19.0
    """Loudness of the bot's speech."""
    cache_mb: int = 200
    """Size of the store of spoken sentences."""
