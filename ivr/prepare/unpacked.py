"""Programs of Debian packages that were unpacked into a folder, not installed: what starts them there."""

from __future__ import annotations

from pathlib import Path
from typing import List

LIBRARIES = ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*", "usr/lib/*-linux-gnu*/pulseaudio")
"""Where packages put shared libraries: in releases before the merged /usr in two places."""


def starter(folder: Path, program: str) -> List[str]:
    """Words that start `program` (its path in the folder) through the loader the packages brought, with their
    libraries; the program alone where they brought none."""
    libraries = [path for pattern in LIBRARIES for path in sorted(folder.glob(pattern)) if path.is_dir()]
    loaders = [found for path in libraries for found in sorted(path.glob("ld-linux-*.so.*"))]
    if not loaders:
        return [str(folder / program)]
    return [str(loaders[0]), "--library-path", ":".join(map(str, libraries)), str(folder / program)]
