"""The package index that the machine's pip is set up with, handed on to uv, which does not read pip's settings.

Files and their order are pip's (pip config debug): system, user, PIP_CONFIG_FILE, then PIP_* in the environment.
"""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import Dict, Iterable, List, Mapping

KNOWN = ("index-url", "extra-index-url", "find-links", "trusted-host", "cert", "proxy", "timeout")


def files(environ: Mapping[str, str], home: Path) -> List[Path]:
    """Configuration files that pip would read, the strongest last."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    folders = environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")
    shared = [Path(folder) / "pip/pip.conf" for folder in folders if folder]
    own = Path(environ.get("XDG_CONFIG_HOME", "") or home / ".config")
    found = [*reversed(shared), Path("/etc/pip.conf"), home / ".pip/pip.conf", own / "pip/pip.conf"]
    return found + ([Path(named)] if named else [])


def read(texts: Iterable[str], environ: Mapping[str, str]) -> Dict[str, str]:
    """Settings by pip's name. Broken files are passed over: pip itself will complain about them."""
    settings: Dict[str, str] = {}
    for text in texts:
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(text)
        except configparser.Error:
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                settings.update({name.replace("_", "-"): value for name, value in parser.items(section)})
    for name in KNOWN:
        value = environ.get("PIP_" + name.upper().replace("-", "_"))
        if value:
            settings[name] = value
    return {name: value for name, value in settings.items() if name in KNOWN and value.strip()}


def for_uv(settings: Mapping[str, str], environ: Mapping[str, str]) -> Dict[str, str]:
    """The same as environment variables of uv. What is set for uv already stays."""
    told: Dict[str, str] = {}
    if "index-url" in settings:
        told["UV_DEFAULT_INDEX"] = settings["index-url"].strip()
    extra = [url for url in settings.get("extra-index-url", "").split() if _reachable(url)]
    if extra:
        told["UV_INDEX"] = " ".join(extra)
        told["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip's way; the lock files' hashes keep it safe
    links = [place for place in settings.get("find-links", "").split() if _reachable(place)]
    if links:
        told["UV_FIND_LINKS"] = ",".join(links)
    if "trusted-host" in settings:
        told["UV_INSECURE_HOST"] = " ".join(settings["trusted-host"].split())
    if "cert" in settings:
        told["SSL_CERT_FILE"] = settings["cert"].strip()
    if "timeout" in settings:
        told["UV_HTTP_TIMEOUT"] = settings["timeout"].split(".")[0]
    if "proxy" in settings:
        told["HTTPS_PROXY"] = told["HTTP_PROXY"] = settings["proxy"].strip()
    return {name: value for name, value in told.items() if name not in environ}


def environment(environ: Mapping[str, str], home: Path) -> Dict[str, str]:
    """`for_uv` of this machine."""
    texts = [path.read_text("utf-8", errors="replace") for path in files(environ, home) if _readable(path)]
    return for_uv(read(texts, environ), environ)


def _readable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.R_OK)


def _reachable(place: str) -> bool:
    """Folders that are not there are passed over, as pip does."""
    if place.startswith("file://"):
        return Path(place[len("file://") :]).exists()
    return "://" in place or Path(place).exists()
