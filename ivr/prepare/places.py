"""Where prepared things lie, and the environment that programs we start get so that they change nothing elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Dict


@dataclass(frozen=True)
class Places:
    root: Path
    """The project's folder; everything below is in it."""

    @property
    def tools(self) -> Path:
        return self.root / ".tools"

    @property
    def var(self) -> Path:
        return self.root / "var"

    @property
    def stamps(self) -> Path:
        return self.tools / "stamps"

    @property
    def logs(self) -> Path:
        return self.var / "log" / "prepare"

    @property
    def locks(self) -> Path:
        return self.root / "requirements"

    @property
    def product(self) -> Path:
        """The product's Python environment."""
        return self.root / ".venv"

    @property
    def rasa(self) -> Path:
        """The dialogue server's Python environment."""
        return self.root / ".venv-rasa"

    @property
    def uv(self) -> Path:
        return self.tools / "uv"

    @property
    def apt(self) -> Path:
        return self.tools / "apt"

    @property
    def asterisk(self) -> Path:
        return self.tools / "asterisk"

    @property
    def espeak(self) -> Path:
        return self.tools / "espeak-ng"

    @property
    def talk(self) -> Path:
        """PyAudio for `ivr talk`, and the libraries that it needs."""
        return self.tools / "talk"

    @property
    def sound_server(self) -> Path:
        """PulseAudio, for the test of `ivr talk`."""
        return self.tools / "pulseaudio"

    @property
    def postgresql(self) -> Path:
        """PostgreSQL, for the tests of the ticket store."""
        return self.tools / "postgresql"

    @property
    def model_packages(self) -> Path:
        return self.tools / "models-packages"

    @property
    def models(self) -> Path:
        return self.tools / "models"

    @property
    def trained(self) -> Path:
        """The trained dialogue."""
        return self.var / "models"

    @property
    def certificates(self) -> Path:
        """Certificate authorities for a machine that has none of its own."""
        return self.tools / "certificates" / "ca-bundle.crt"

    def environment(self) -> Dict[str, str]:
        """For uv, pip and apt: the user's own settings stay visible, caches and interpreters go into the project."""
        shed = {"VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "PIP_TARGET"}
        kept = {name: value for name, value in os.environ.items() if name not in shed}
        temporary = self.var / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        kept.update(
            {
                "TMPDIR": str(temporary),
                "UV_CACHE_DIR": str(self.tools / "uv-cache"),
                "UV_PYTHON_INSTALL_DIR": str(self.tools / "python"),
                "UV_PYTHON_INSTALL_BIN": "0",  # no links in ~/.local/bin
                "UV_NO_PROGRESS": "1",
                "PIP_CACHE_DIR": str(self.tools / "pip-cache"),
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                "PIP_NO_INPUT": "1",
                "LC_ALL": "C.UTF-8",
                "DEBIAN_FRONTEND": "noninteractive",
            }
        )
        return kept

    def own_home(self) -> Dict[str, str]:
        """For Rasa, TensorFlow and our own programs: they write settings and caches below HOME, so they get ours."""
        home = self.var / "home"
        home.mkdir(parents=True, exist_ok=True)
        return {
            **self.environment(),
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "XDG_DATA_HOME": str(home / ".local" / "share"),
            "MPLCONFIGDIR": str(home / ".config" / "matplotlib"),
            "NUMBA_CACHE_DIR": str(home / ".cache" / "numba"),
            "RASA_CACHE_DIRECTORY": str(self.var / "rasa-cache"),
            "RASA_TELEMETRY_ENABLED": "false",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "CUDA_VISIBLE_DEVICES": "-1",
            "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        }
