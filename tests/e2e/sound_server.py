"""Pretended sound devices: a PulseAudio of our own (unpacked from Debian's packages) with two null sinks.

`mouth` is what the person says into the microphone, `ear` what the loudspeaker plays. Programs reach them by ALSA.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr.audio import RATE
from ivr.prepare.talk import libraries
from ivr.settings import Settings

START_S = 10.0
SINKS = """
load-module module-native-protocol-unix socket={socket} auth-anonymous=1
load-module module-null-sink sink_name=ear rate=48000 channels=1
load-module module-null-sink sink_name=mouth rate=48000 channels=1
"""
DEVICES = """
pcm_type.pulse {{ lib "{plugin}" }}
pcm.loudspeaker {{ type pulse server "unix:{socket}" device "ear" hint {{ show on description "ear" }} }}
pcm.microphone {{ type pulse server "unix:{socket}" device "mouth.monitor" hint {{ show on description "mouth" }} }}
"""
RAW = ("--raw", "--format=s16le", f"--rate={RATE}", "--channels=1")


@dataclass(frozen=True)
class SoundServer:
    root: Path
    """PulseAudio, unpacked."""
    folder: Path
    environment: dict[str, str]
    """For programs that use the devices `microphone` and `loudspeaker`."""

    def say(self, pcm: bytes) -> None:
        """Into the microphone; returns when it is said."""
        file = self.folder / "said.raw"
        file.write_bytes(pcm)
        self._run("pacat", "--playback", "--device=mouth", *RAW, str(file))

    @contextmanager
    def recording(self, file: Path) -> Iterator[None]:
        """What comes out of the loudspeaker, 8 kHz PCM without a header."""
        with file.open("wb") as out:
            process = subprocess.Popen(
                self._words("pacat", "--record", "--device=ear.monitor", *RAW), env=self.environment, stdout=out
            )
            try:
                yield
            finally:
                process.terminate()
                process.wait(10)

    def _run(self, *words: str) -> None:
        subprocess.run(self._words(*words), env=self.environment, check=True, timeout=60)

    def _words(self, program: str, *rest: str) -> list[str]:
        return [str(self.root / "usr/bin" / program), f"--server=unix:{self.folder / 'socket'}", *rest]


@contextmanager
def sound_server(folder: Path) -> Iterator[SoundServer]:
    """Skips the test, saying why, where PyAudio or PulseAudio was not prepared."""
    tools = Settings().tools
    root = tools / "pulseaudio"
    if not (tools / "talk/python/pyaudio").is_dir():
        pytest.skip("PyAudio is not built: python3 -m ivr.prepare --only talk-test says why (a compiler, Debian)")
    if not (root / "usr/bin/pulseaudio").exists():
        pytest.skip("PulseAudio is not unpacked: python3 -m ivr.prepare --only talk-test says why")
    modules = next(root.glob("usr/lib/pulse-*/modules"))
    plugin = next(root.glob("usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so"))
    places = [*libraries(root), *(place / "pulseaudio" for place in libraries(root)), modules]
    (folder / "pulse.pa").write_text(SINKS.format(socket=folder / "socket"))
    (folder / "asound.conf").write_text(DEVICES.format(plugin=plugin, socket=folder / "socket"))
    alsa = next((place for place in (tools / "talk/system/usr/share/alsa/alsa.conf",) if place.exists()), None)
    environment = {
        **os.environ,
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "LD_LIBRARY_PATH": ":".join(map(str, places)),
        "ALSA_CONFIG_PATH": f"{alsa or '/usr/share/alsa/alsa.conf'}:{folder / 'asound.conf'}",
        "PYTHONUNBUFFERED": "1",
    }
    words = [root / "usr/bin/pulseaudio", "-n", "-F", folder / "pulse.pa", "-p", modules, "--daemonize=no"]
    words += ["--exit-idle-time=-1", "--disable-shm=yes", "--use-pid-file=no"]
    with (folder / "pulseaudio.out").open("wb") as out:
        server = subprocess.Popen([str(word) for word in words], env=environment, stdout=out, stderr=out)
        try:
            end = time.monotonic() + START_S
            while not (folder / "socket").exists():
                assert server.poll() is None, (folder / "pulseaudio.out").read_text()
                assert time.monotonic() < end, (folder / "pulseaudio.out").read_text()
                time.sleep(0.05)
            yield SoundServer(root, folder, environment)
        finally:
            server.terminate()
            server.wait(10)
