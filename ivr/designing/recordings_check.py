"""`recordings.yml`: recordings whose file is missing or holds no sound, and sentences that nobody says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ivr.designing.content import Content
from ivr.designing.finding import At, Finding, error, hint
from ivr.designing.located import Table, line_of, table
from ivr.errors import SpeechFailed
from ivr.speech.clauses import parts
from ivr.speech.recordings import INDEX, key
from ivr.speech.spoken import spoken

SOUNDS = frozenset({".wav", ".mp3", ".flac", ".ogg", ".m4a", ".opus"})


def check_recordings(content: Content) -> Iterator[Finding]:
    indexes = {file: raw for file, raw in content.data.items() if file.name == INDEX}
    if not indexes:
        return
    said = _said(content)
    for file, raw in indexes.items():
        yield from _sentences(file, raw, said)
        yield from _left_over(file, raw)


def _sentences(file: Path, raw: Table, said: set[str]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for sentence, name in raw.items():
        at = At(file, line_of(sentence))
        if not isinstance(name, str):
            yield error(at, f"“{sentence}”后面要写声音文件的名字，例如 greeting.wav。")
            continue
        yield from _sound(at, file.parent / name)
        same = key(spoken(str(sentence)))
        if first.setdefault(same, str(sentence)) != sentence:
            yield error(at, f"“{sentence}”和“{first[same]}”说的是同一句，只能有一个录音。")
        elif same not in said:
            yield hint(at, f"没有一句话里有“{sentence}”：要和 responses 里的文字一样，从标点到标点，不含 {{…}}。")


def _sound(at: At, file: Path) -> Iterator[Finding]:
    from ivr.speech.decoding import decoded  # loads FFmpeg: only where there are recordings

    if not file.is_file():
        yield error(at, f"缺少录音 {file.name}：请放到 {file.parent.name}/ 里，或删掉这一行。")
        return
    try:
        decoded(file)
    except SpeechFailed as why:
        yield error(at, f"录音用不了：{why}")


def _left_over(file: Path, raw: Table) -> Iterator[Finding]:
    used = {str(name) for name in raw.values()}
    for beside in sorted(file.parent.iterdir()):
        if beside.suffix.lower() in SOUNDS and beside.name not in used:
            yield hint(At(file), f"录音 {beside.name} 没有写进 {INDEX}：不会有人听到。")


def _said(content: Content) -> set[str]:
    """What any run of clauses without a placeholder says."""
    names = [str(raw.get("name")) for file, raw in content.data.items() if file.name == "hotline.yml"]
    texts = [way.text for response in content.responses.values() for way in response.variations]
    texts += [str(text) for text in table(content.data.get(content.root / "data" / "prompts.yml")).values()]
    found: set[str] = set()
    for text in texts:
        for filled in {text.replace("{name}", name) for name in names or [""]}:
            found |= _runs(parts(spoken(filled)))
    return found


def _runs(pieces: list[str]) -> set[str]:
    runs: set[str] = set()
    for start in range(len(pieces)):
        for end in range(start + 1, len(pieces) + 1):
            if "{" in pieces[end - 1]:
                break
            runs.add(key("".join(pieces[start:end])))
    return runs
