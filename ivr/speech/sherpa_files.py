"""What a folder with a streaming model for sherpa-onnx holds, told by the names of its files. Pure but for reading.

The names are those of the models that k2-fsa publishes: `encoder-epoch-99-avg-1.int8.onnx`, `model.onnx`,
`ctc-epoch-20-avg-1-chunk-16-left-128.int8.onnx`, with `tokens.txt` beside. Whether they are streaming ones, and whole,
only a trial tells (`ivr.speech.sherpa_trial`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ivr.errors import NotPrepared

TOKENS = "tokens.txt"
BPE_VOCAB = "bpe.vocab"
"""The vocabulary of the word pieces, with which hotwords are spelled. Not `bpe.model`: sherpa-onnx does not read it."""

Kind = Literal["transducer", "paraformer", "ctc"]
ROLES: Mapping[str, str] = {
    "encoder": "encoder",
    "decoder": "decoder",
    "joiner": "joiner",
    "model": "model",
    "ctc": "model",
}
"""How the name of a network's file begins → what it is."""
KINDS: Mapping[Kind, frozenset[str]] = {
    "transducer": frozenset({"encoder", "decoder", "joiner"}),
    "paraformer": frozenset({"encoder", "decoder"}),
    "ctc": frozenset({"model"}),
}
"""Networks of each kind; the first that a folder has all of is it."""
PRECISIONS = (".int8", "", ".fp16")
"""Best first: int8 takes about half the time on a CPU."""
PRECISIONS_OF_DECODER = ("", ".int8", ".fp16")
"""A transducer's decoder is small: whole precision costs nothing."""
_NAME = re.compile(r"(encoder|decoder|joiner|model|ctc)((?:[-_].+?)?)(\.int8|\.fp16|)\.onnx")
_HAN = re.compile(r"[\u3400-\u9fff]")
_CAPITALS = re.compile(r"▁?[A-Z]+")


@dataclass(frozen=True, slots=True)
class SherpaFiles:
    folder: Path
    kind: Kind
    networks: Mapping[str, Path]
    """Role → file."""
    symbols: frozenset[str]
    """The tokens that it writes."""
    unit: str
    """How hotwords are spelled, in sherpa-onnx's words (`modeling_unit`); empty = they cannot be."""
    bpe_vocab: Path | None
    """For units with word pieces."""
    capitals: bool
    """It writes Latin letters as capitals."""

    @property
    def tokens(self) -> Path:
        return self.folder / TOKENS


def looks_like_sherpa(folder: Path) -> bool:
    return (folder / TOKENS).is_file() and any(folder.glob("*.onnx"))


def sherpa_files(folder: Path) -> SherpaFiles:
    """Raises `NotPrepared` naming what is missing."""
    if not (folder / TOKENS).is_file():
        raise NotPrepared(f"{folder} 不是 sherpa-onnx 模型（没有 {TOKENS}）：请放一个完整的模型文件夹，或改 model。")
    variants = _variants(folder)
    for kind, roles in KINDS.items():
        whole = [variant for _, variant in sorted(variants.items()) if roles <= variant.keys()]
        if whole:
            networks = {role: _best(whole[0][role], kind, role) for role in sorted(roles)}
            return _described(folder, kind, networks)
    found = "、".join(sorted(file.name for file in folder.glob("*.onnx"))) or "一个也没有"
    raise NotPrepared(
        f"{folder} 里的 .onnx 不齐（现有：{found}）：要有 encoder、decoder、joiner（transducer），"
        "或 encoder、decoder（paraformer），或 model（CTC）。"
    )


def _described(folder: Path, kind: Kind, networks: Mapping[str, Path]) -> SherpaFiles:
    symbols = _symbols(folder / TOKENS)
    vocabulary = folder / BPE_VOCAB if (folder / BPE_VOCAB).is_file() else None
    unit = modeling_unit(symbols, spells_pieces=bool(vocabulary))
    capitals = any(_CAPITALS.fullmatch(symbol) for symbol in symbols)
    return SherpaFiles(folder, kind, networks, symbols, unit, vocabulary if "bpe" in unit else None, capitals)


def modeling_unit(symbols: frozenset[str], spells_pieces: bool) -> str:
    """`spells_pieces`: there is a vocabulary of word pieces; without, only single characters can be spelled."""
    characters = sum(bool(_HAN.fullmatch(symbol)) for symbol in symbols)
    if spells_pieces and any(symbol.startswith("▁") for symbol in symbols):
        return "cjkchar+bpe" if characters > len(symbols) // 3 else "bpe"
    return "cjkchar" if characters else ""


def _variants(folder: Path) -> dict[str, dict[str, dict[str, Path]]]:
    """What follows the role in the names (epoch, chunk; the same for networks that belong together) → role → precision
    → file."""
    found: dict[str, dict[str, dict[str, Path]]] = {}
    for file in sorted(folder.glob("*.onnx")):
        if match := _NAME.fullmatch(file.name):
            role, variant, precision = match.groups()
            found.setdefault(variant, {}).setdefault("model" if role == "ctc" else role, {})[precision] = file
    return found


def _best(files: Mapping[str, Path], kind: Kind, role: str) -> Path:
    order = PRECISIONS_OF_DECODER if (kind, role) == ("transducer", "decoder") else PRECISIONS
    return next(files[precision] for precision in order if precision in files)


def _symbols(tokens: Path) -> frozenset[str]:
    try:
        lines = tokens.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NotPrepared(f"{tokens} 读不出来（{error}）：请重新解开模型的压缩包。") from error
    return frozenset(line.split()[0] for line in lines if line.split())


def refusal(folder: Path, why: str) -> str:
    return (
        f"sherpa-onnx 用不了模型 {folder}（{why[:200]}）："
        "请换成流式（streaming）的 transducer、paraformer 或 zipformer2-CTC 模型，或重新解开压缩包。"
    )
