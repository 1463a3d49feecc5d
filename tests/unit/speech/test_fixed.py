from pathlib import Path

from ivr.packs import Pack
from ivr.speech.fixed import fixed_clauses


def test_clauses_without_placeholders_once_each(tmp_path: Path) -> None:
    (tmp_path / "domain").mkdir()
    (tmp_path / "domain" / "a.yml").write_text(
        "responses:\n  utter_a:\n  - text: 您好，{name}。请问有什么事？\n  utter_b:\n"
        "  - text: 您的单号是{ticket_no}。请问有什么事？\n  - custom: {asks: [x]}\n",
        "utf-8",
    )
    (tmp_path / "domain" / "b.yml").write_text("intents: [hello]\n", "utf-8")
    packs = [Pack(hotline="a", name="美家电器", dialled=())]
    made = fixed_clauses(tmp_path, {"closed": "再见。"}, packs)
    assert made == ["再见。", "您好，美家电器。", "请问有什么事？"]
