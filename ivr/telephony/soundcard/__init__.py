"""Microphone and loudspeaker in place of a telephone, for `ivr talk`.

portaudio.py   devices and streams (PyAudio), which live in threads of their own
rates.py       the device's sample rate ↔ the telephone's
line.py        TalkLine: one call
"""
