"""`ivr score terms`: what term repair makes of one recognised sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ivr.errors import SettingsError
from ivr.packs import load_packs
from ivr.settings import Settings
from ivr.speech.repair.lexicon import Lexicon, of_packs, of_words
from ivr.speech.repair.sounds import load_sounds
from ivr.speech.repair.terms import APPLIED, Repairer, repaired
from ivr.speech.repair.words import usual_words
from ivr.tickets.taxonomy import load_taxonomy


def term_repairer(
    settings: Settings, hotline: str | None, asking: str | None, file: Path | None
) -> Callable[[str], dict[str, Any]]:
    """The judge of lines. Without a file the terms are the hotline's, without a hotline those of all."""
    if asking and asking not in (fields := load_taxonomy(settings.data).fields):
        raise SettingsError(f"没有叫 {asking} 的字段：data/taxonomy.yml 里有 {'、'.join(fields)}。")
    lexicon = _listed(file) if file else _of_hotline(settings, hotline)
    data = settings.root / "data"
    repairer = Repairer(lexicon, load_sounds(data), usual_words(data))
    asked = (asking,) if asking else ()

    def judge(line: str) -> dict[str, Any]:
        found = [each for each in repairer.repairs(line, asked) if each.confidence >= APPLIED]
        rows = [{"from": each.heard, "to": each.meant, "confidence": round(each.confidence, 2)} for each in found]
        return {"text": repaired(line, found), "repairs": rows}

    return judge


def _of_hotline(settings: Settings, hotline: str | None) -> Lexicon:
    packs = load_packs(settings.data)
    if hotline and hotline not in packs:
        raise SettingsError(f"没有叫 {hotline} 的热线：data/packs 里有 {'、'.join(packs)}。")
    return of_packs([packs[hotline]] if hotline else list(packs.values()))


def _listed(file: Path) -> Lexicon:
    try:
        return of_words(file.read_text("utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"读不了词表 {file}（{error}）：应当是 UTF-8 的文本文件，一行一个词。") from error
