"""What one call needs from the outside, as ports. Each has its makers elsewhere and one fake in `tests/fakes`.

    Line          the telephone line of one call: hear, speak, stop, keys, transfer, hang up
    Recogniser    speech → words
    Voice         words → speech
    Conversation  the caller's turn → the bot's turn (Rasa behind it)

All sound is `ivr.audio`'s: 8 kHz mono signed 16 bit PCM, 20 ms frames.
"""

from ivr.call.ports.dialogue import CallerTurn, Conversation, Ending, Humans, Keyed, Reply, Said, Silent
from ivr.call.ports.line import CallInfo, Digit, Frame, HungUp, Line, LineEvent, Played, Transfer
from ivr.call.ports.speech import (
    CountsWork,
    Heard,
    Hint,
    KeepsUp,
    Listening,
    Recogniser,
    RecogniserWork,
    RepairedTerm,
    Voice,
    VoiceActivity,
)

__all__ = [
    "CallInfo",
    "CallerTurn",
    "Conversation",
    "CountsWork",
    "Digit",
    "Ending",
    "Frame",
    "Heard",
    "Hint",
    "Humans",
    "HungUp",
    "KeepsUp",
    "Keyed",
    "Line",
    "LineEvent",
    "Listening",
    "Played",
    "Recogniser",
    "RecogniserWork",
    "RepairedTerm",
    "Reply",
    "Said",
    "Silent",
    "Transfer",
    "Voice",
    "VoiceActivity",
]
