"""The machine's own package mirror, from apt's two kinds of source lists (sources.list(5))."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

APT = Path("/etc/apt")


@dataclass(frozen=True)
class Source:
    uri: str
    suites: Tuple[str, ...]
    components: Tuple[str, ...]
    signed_by: str = ""
    """Key file, or a key itself (deb822 allows it in the list); empty = the machine's trusted keys."""
    trusted: bool = False

    def line(self, suite: str, keys: str = "") -> str:
        """One-line form for another suite of the same mirror. `keys` replaces a key that stood in the list itself."""
        options = [f"signed-by={keys or self.signed_by}"] if self.signed_by else []
        options += ["trusted=yes"] if self.trusted else []
        return f"deb {'[' + ' '.join(options) + '] ' if options else ''}{self.uri} {suite} main\n"


def parse_lines(text: str) -> Iterator[Source]:
    """The one-line form: `deb [signed-by=…] http://… suite component…`."""
    for raw in text.splitlines():
        match = re.match(
            r"deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s*(?P<rest>.*)",
            raw.split("#", 1)[0].strip(),
        )
        if not match:
            continue
        options = dict(word.split("=", 1) for word in (match["options"] or "").split() if "=" in word)
        yield Source(
            match["uri"],
            (match["suite"],),
            tuple(match["rest"].split()),
            options.get("signed-by", ""),
            options.get("trusted", "") == "yes",
        )


def parse_deb822(text: str) -> Iterator[Source]:
    """The stanza form of *.sources."""
    for stanza in re.split(r"\n[ \t]*\n", text):
        fields: Dict[str, str] = {}
        name = ""
        for raw in stanza.splitlines():
            if raw.startswith("#"):
                continue
            if raw[:1] in " \t" and name:
                fields[name] += "\n" + raw.strip()
            elif ":" in raw:
                name, value = raw.split(":", 1)
                name = name.strip().lower()
                fields[name] = value.strip()
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        for uri in fields.get("uris", "").split():
            yield Source(
                uri,
                tuple(fields.get("suites", "").split()),
                tuple(fields.get("components", "").split()),
                fields.get("signed-by", ""),
                fields.get("trusted", "") == "yes",
            )


def configured(apt: Path = APT) -> List[Source]:
    """All sources of this machine, in apt's order."""
    found: List[Source] = []
    parts = sorted((apt / "sources.list.d").glob("*")) if (apt / "sources.list.d").is_dir() else []
    for file in [apt / "sources.list", *parts]:
        if not file.is_file():
            continue
        text = file.read_text("utf-8", errors="replace")
        if file.suffix == ".sources":
            found += parse_deb822(text)
        elif file.suffix == ".list":
            found += parse_lines(text)
    return found


def mirror(sources: List[Source], codename: str) -> Optional[Source]:
    """The one that carries the distribution itself: suite = its code name, component main."""
    return next((source for source in sources if codename in source.suites and "main" in source.components), None)


def release(file: Path = Path("/etc/os-release")) -> Dict[str, str]:
    """os-release(5): ID, VERSION_CODENAME, PRETTY_NAME …; empty where there is none."""
    if not file.is_file():
        return {}
    pairs = (line.split("=", 1) for line in file.read_text("utf-8").splitlines() if "=" in line)
    return {name: value.strip().strip('"') for name, value in pairs}
