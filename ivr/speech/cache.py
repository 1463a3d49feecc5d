"""Spoken clauses kept on disk: what was synthesised once plays at once, also after a restart.

folder/<aa>/<key>.slin, the key made of the voice, how it speaks, and the text; 8 kHz signed 16 bit. Files are replaced
whole, so several processes may share a folder. The least recently used go when the folder grows over its limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import tempfile
from pathlib import Path

log = logging.getLogger(__name__)

ROOM_AFTER = 0.9
"""Share of the limit that is kept when old clauses are thrown away, so that this is not done for each new one."""
NEARLY_FULL = 0.8
"""Share of the limit up to which clauses are made ahead of calls."""


class SpokenStore:
    """The files. Blocks; safe against other processes, not against threads of this one."""

    def __init__(self, folder: Path, limit_mb: float) -> None:
        self.folder = folder
        self.limit = round(limit_mb * 1_000_000)
        self._size = sum(size for _, size, _ in self._files())

    def get(self, fingerprint: str, text: str) -> bytes | None:
        """Sound of a clause, now the most recently used; None when it is not there."""
        file = self._file(fingerprint, text)
        try:
            pcm = file.read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):  # a folder that may only be read serves all the same
            os.utime(file)
        return pcm or None

    def put(self, fingerprint: str, text: str, pcm: bytes) -> None:
        """Keeps a clause. A full or read-only disk is logged and forgotten: the caller has heard it anyway."""
        file = self._file(fingerprint, text)
        try:
            _write_whole(file, pcm)
        except OSError as error:
            log.warning("语音缓存写不进 %s：%s", file, error)
            return
        self._size += len(pcm)
        if self._size > self.limit:
            self._make_room()

    @property
    def size(self) -> int:
        """Bytes kept, as far as this process knows."""
        return self._size

    def _make_room(self) -> None:
        files = sorted(self._files())
        self._size = sum(size for _, size, _ in files)
        for _, size, file in files:
            if self._size <= self.limit * ROOM_AFTER:
                return
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                log.warning("语音缓存满了，旧的删不掉 %s：%s", file, error)
                return
            self._size -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        """Last use, bytes and path of each."""
        found: list[tuple[float, int, Path]] = []
        for file in self.folder.glob("*/*.slin"):
            with contextlib.suppress(FileNotFoundError):  # another process made room
                status = file.stat()
                found.append((status.st_mtime, status.st_size, file))
        return found

    def _file(self, fingerprint: str, text: str) -> Path:
        key = hashlib.sha256(f"{fingerprint}\n{text}".encode()).hexdigest()[:32]
        return self.folder / key[:2] / f"{key}.slin"


def _write_whole(file: Path, content: bytes) -> None:
    """All of it or nothing, and nothing left beside it. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as part:
            part.write(content)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


class SharedStore:
    """The store for many tasks: its work is done in threads, one at a time."""

    def __init__(self, store: SpokenStore) -> None:
        self._store = store
        self._one_at_a_time = asyncio.Lock()

    @property
    def nearly_full(self) -> bool:
        """More would push out what callers heard."""
        return self._store.size >= self._store.limit * NEARLY_FULL

    async def get(self, fingerprint: str, text: str) -> bytes | None:
        async with self._one_at_a_time:
            return await asyncio.to_thread(self._store.get, fingerprint, text)

    async def put(self, fingerprint: str, text: str, pcm: bytes) -> None:
        async with self._one_at_a_time:
            await asyncio.to_thread(self._store.put, fingerprint, text, pcm)
