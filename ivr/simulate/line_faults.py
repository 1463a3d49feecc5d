"""What is wrong with a telephone's line: noise, an echo, lost packets. Made at the telephone: any line can be tried."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

from ivr.audio import FRAME_SAMPLES, RATE
from ivr.simulate.handset import Handset

NOISE_S = 10
"""Length of the noise that is repeated."""
HUM_HZ = 50
HUM_DB = -6.0
"""Mains hum, under the noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFaults:
    echo_db: float | None = None
    """Return loss of an echo: how much weaker than what is heard it goes back. None = no echo."""
    echo_delay_s: float = 0.15
    """How much later: the caller's own telephone, the network, the jitter buffer."""
    noise_dbov: float | None = None
    """Level of the noise on what is sent, dB under a full-scale square wave. None = no noise."""
    loss_percent: int = 0
    """Packets of sound that are lost, each way."""

    def arguments(self) -> list[str]:
        """For the telephone's process."""
        given = {"--echo-db": self.echo_db, "--noise-dbov": self.noise_dbov, "--echo-delay": self.echo_delay_s}
        found = [f"{name}={value:g}" for name, value in given.items() if value is not None]
        return [*found, f"--loss={self.loss_percent}"]

    @classmethod
    def of(cls, options: argparse.Namespace) -> LineFaults:
        return cls(
            echo_db=options.echo_db,
            echo_delay_s=options.echo_delay,
            noise_dbov=options.noise_dbov,
            loss_percent=options.loss,
        )


FAULTLESS = LineFaults()
CONDITIONS = {
    "clean": LineFaults(),
    "noise": LineFaults(noise_dbov=-42.0),
    "echo20": LineFaults(echo_db=20.0),
    "echo12": LineFaults(echo_db=12.0),
    "loss": LineFaults(loss_percent=1),
}
"""Lines that the benches try."""
CONDITIONS_ZH = {
    "clean": "干净",
    "noise": "电话噪声（−42 dBov）",
    "echo20": "回声 −20 dB",
    "echo12": "回声 −12 dB",
    "loss": "丢包 1 %",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--echo-db", type=float, default=None, help="return loss of an echo on the line")
    parser.add_argument("--echo-delay", type=float, default=0.15, help="delay of the echo in seconds")
    parser.add_argument("--noise-dbov", type=float, default=None, help="level of noise on what is sent")
    parser.add_argument("--loss", type=int, default=0, help="percent of the sound's packets that are lost")


def faulty(faults: LineFaults) -> Handset:
    """A handset with these faults (lost packets are the network's)."""
    return Handset(
        echo=0.0 if faults.echo_db is None else 10 ** (-faults.echo_db / 20),
        echo_delay=max(FRAME_SAMPLES, round(faults.echo_delay_s * RATE)),
        noise=b"" if faults.noise_dbov is None else telephone_noise(faults.noise_dbov),
    )


def telephone_noise(dbov: float) -> bytes:
    """Noise of a telephone line: 300–3400 Hz, stronger below, and mains hum. Always the same, whole frames."""
    count = NOISE_S * RATE
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(0, 1, count))
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= np.where((hertz >= 300) & (hertz <= 3400), np.sqrt(1000 / np.maximum(hertz, 1)), 0)
    noise = np.fft.irfft(spectrum, count)
    noise /= np.sqrt(np.mean(noise**2))
    hum = np.sqrt(2) * 10 ** (HUM_DB / 20) * np.sin(2 * np.pi * HUM_HZ * np.arange(count) / RATE)
    both = noise + hum
    level = 10 ** (dbov / 20) * 32768 / np.sqrt(np.mean(both**2))
    return bytes(np.clip(np.round(both * level), -32768, 32767).astype("<i2").tobytes())
