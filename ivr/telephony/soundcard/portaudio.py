"""PyAudio (PortAudio), built beside the project by `make prepare-talk`. Its callbacks run in threads of its own."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.audio import FRAME_MS
from ivr.errors import NotPrepared, TelephonyDown
from ivr.telephony.soundcard.rates import Loudspeaker, Microphone

BUILT = Path("talk")
"""Below the tools' folder: `python/` (PyAudio) and `system/` (libraries and ALSA's configuration)."""


@dataclass(frozen=True, slots=True)
class Device:
    number: int
    name: str
    hears: bool
    speaks: bool
    rate: int
    """Samples a second that it likes best."""
    default_in: bool = False
    default_out: bool = False


class SoundCard:
    """The machine's sound devices. `close` when done."""

    def __init__(self, tools: Path) -> None:
        """Raises `NotPrepared` when PyAudio is not there or cannot be loaded."""
        self._library: Any = _load(tools / BUILT)
        with _silent():
            self._audio = self._library.PyAudio()
        self._streams: list[Any] = []

    def devices(self) -> list[Device]:
        default_in, default_out = self._default("input"), self._default("output")
        found = []
        for number in range(self._audio.get_device_count()):
            told = self._audio.get_device_info_by_index(number)
            found.append(
                Device(
                    number=number,
                    name=str(told["name"]),
                    hears=told["maxInputChannels"] > 0,
                    speaks=told["maxOutputChannels"] > 0,
                    rate=round(told["defaultSampleRate"]),
                    default_in=number == default_in,
                    default_out=number == default_out,
                )
            )
        return found

    def listen(self, device: Device, heard: Callable[[bytes], None]) -> None:
        """`heard` is called with each frame, in a thread of PortAudio. Raises `TelephonyDown`."""
        microphone = Microphone(device.rate)

        def came(pcm: bytes, samples: int, times: object, status: int) -> tuple[None, int]:
            for frame in microphone.feed(pcm):
                heard(frame)
            return None, int(self._library.paContinue)

        self._open(device, came, input=True, input_device_index=device.number)

    def speak(self, device: Device, frame: Callable[[], bytes]) -> None:
        """`frame` is called for each frame that is due, in a thread of PortAudio. Raises `TelephonyDown`."""
        loudspeaker = Loudspeaker(device.rate, frame)

        def wanted(pcm: None, samples: int, times: object, status: int) -> tuple[bytes, int]:
            return loudspeaker.take(samples), int(self._library.paContinue)

        self._open(device, wanted, output=True, output_device_index=device.number)

    def close(self) -> None:
        """What was given to the loudspeaker is still heard."""
        for stream in self._streams:
            with contextlib.suppress(OSError), _silent():
                stream.stop_stream()
                stream.close()
        self._streams.clear()
        self._audio.terminate()

    def _open(self, device: Device, callback: Callable[..., object], **direction: object) -> None:
        try:
            with _silent():
                stream = self._audio.open(
                    rate=device.rate,
                    channels=1,
                    format=self._library.paInt16,
                    frames_per_buffer=device.rate * FRAME_MS // 1000,
                    stream_callback=callback,
                    **direction,
                )
        except (OSError, ValueError) as error:
            raise TelephonyDown(
                f"声音设备 {device.name} 打不开（{error}）：看看是不是被别的程序占用，或用 ivr talk --list 换一个。"
            ) from error
        self._streams.append(stream)

    def _default(self, direction: str) -> int | None:
        with contextlib.suppress(OSError):
            return int(getattr(self._audio, f"get_default_{direction}_device_info")()["index"])
        return None


def choose(devices: list[Device], wish: str, *, hears: bool) -> Device:
    """By number or by a part of the name; without a wish the machine's default. Raises `NotPrepared`."""
    kind = "麦克风" if hears else "扬声器"
    able = [one for one in devices if (one.hears if hears else one.speaks)]
    if not able:
        raise NotPrepared(f"这台机器上没有{kind}：接上一个，或到有声音设备的机器上运行 ivr talk。")
    if not wish:
        return next((one for one in able if (one.default_in if hears else one.default_out)), able[0])
    found = [one for one in able if wish == str(one.number)]
    found = found or [one for one in able if wish == one.name] or [one for one in able if wish in one.name]
    if not found:
        names = "、".join(f"{one.number}（{one.name}）" for one in able)
        raise NotPrepared(f"没有叫 {wish!r} 的{kind}，有的是：{names}。")
    return found[0]


def _load(built: Path) -> Any:
    place = built / "python"
    if place.is_dir() and str(place) not in sys.path:
        sys.path.insert(0, str(place))
    alsa = built / "system/usr/share/alsa/alsa.conf"
    if alsa.exists() and not Path("/usr/share/alsa/alsa.conf").exists():
        os.environ.setdefault("ALSA_CONFIG_PATH", str(alsa))
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    try:
        return importlib.import_module("pyaudio")
    except ImportError as error:
        raise NotPrepared(f"还没有准备好麦克风和扬声器（{error}）：请先运行 make prepare-talk。") from error


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """ALSA and JACK tell stderr of each device that is not there."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@dataclass(frozen=True, slots=True)
class ChosenDevices:
    """`ivr.telephony.soundcard.line.Devices` on a sound card."""

    card: SoundCard
    microphone: Device
    loudspeaker: Device

    def start(self, heard: Callable[[bytes], None], frame: Callable[[], bytes]) -> None:
        self.card.speak(self.loudspeaker, frame)
        self.card.listen(self.microphone, heard)

    def stop(self) -> None:
        self.card.close()
