"""What the line and a process of Whisper say to each other: one message a frame of `multiprocessing.connection`.

line → worker   Decode, GiveUp
worker → line   Ready, NotReady once at its start; then one Done or Failed for each Decode
"""

from __future__ import annotations

import msgspec

from ivr.speech.hypotheses import Hypothesis


class Decode(msgspec.Struct, frozen=True, tag=True):
    pcm: bytes
    """16 bit, of the line."""
    prompt: str
    terms: tuple[str, ...]
    beam: int


class GiveUp(msgspec.Struct, frozen=True, tag=True):
    """Nobody waits for the decoding under way."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The model is loaded."""


class NotReady(msgspec.Struct, frozen=True, tag=True):
    why: str
    """For people."""


class Done(msgspec.Struct, frozen=True, tag=True):
    hypotheses: tuple[Hypothesis, ...]
    """Best first; none where the decoding was given up."""
    no_speech: float = 0.0


class Failed(msgspec.Struct, frozen=True, tag=True):
    why: str
    """For people."""


Request = Decode | GiveUp
Answer = Ready | NotReady | Done | Failed
_REQUESTS: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_ANSWERS: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
pack = msgspec.msgpack.Encoder().encode


def asked(message: bytes) -> Request:
    """As the worker reads it."""
    return _REQUESTS.decode(message)


def told(message: bytes) -> Answer:
    """As the line reads it."""
    return _ANSWERS.decode(message)
