"""A small dialogue in a folder of its own, whole and right, to be spoilt by a test."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from ivr.designing.check import check
from ivr.designing.coverage import Coverage
from ivr.designing.finding import Finding
from ivr.settings import PROJECT

FILES = {
    "data/taxonomy.yml": """
        fields:
          product: {zh: 产品, kind: term}
          problem: {zh: 问题描述, kind: text}
        hotlines:
          shop:
            number: "4001"
            categories:
              fault: {zh: 故障, required: [product, problem], optional: []}
        """,
    "data/prompts.yml": "apology: 对不起\n",
    "data/packs/shop/evidence.yml": "vague: [东西坏]\nempty: [喂你好]\n",
    "data/packs/shop/hotline.yml": 'name: 小店\ndialled: ["4001"]\n',
    "data/packs/shop/lexicon.yml": "product:\n  空调: [挂机]\n  冰箱: [冰柜]\n",
    "dialogue/config.yml": "recipe: default.v1\n",
    "dialogue/domain/shop.yml": """
        intents: [session_begin, fault]
        entities: []
        slots:
          move: {type: categorical, values: [begin, inform], mappings: [{type: custom}]}
          topic: {type: categorical, values: [shop_fault], mappings: [{type: custom}]}
          product: {type: text, mappings: [{type: custom}]}
          problem: {type: text, mappings: [{type: custom}]}
        forms:
          shop_fault_form:
            required_slots:
            - product
            - problem
        actions: [validate_shop_fault_form, action_ask_product, action_ask_problem, action_bye]
        responses:
          utter_ask_product:
          - text: 是哪个产品？
            custom: {asks: [product]}
          utter_ask_problem:
          - text: '{product}怎么了？'
            custom: {asks: [problem]}
        """,
    "dialogue/data/rules.yml": """
        rules:
        - rule: 开始
          condition:
          - slot_was_set:
            - topic: shop_fault
          steps:
          - intent: fault
          - action: shop_fault_form
          - active_loop: shop_fault_form
        - rule: 问完
          condition:
          - active_loop: shop_fault_form
          steps:
          - action: shop_fault_form
          - active_loop: null
          - action: action_bye
        """,
    "dialogue/data/nlu.yml": """
        nlu:
        - intent: fault
          examples: |
            - 空调坏了
            - 冰箱不冷
            - 机器不转
            - 门关不上
            - 漏了一地水
            - 老是自己停
            - 按了没反应
            - 声音响得很
        """,
    "dialogue/actions/act.py": 'MOVE = ("move", "topic", "action_bye", "name")\n',
    "tests/scenarios/shop.yml": """
        scenarios:
        - id: broken
          says: {opening: 我家那台老空调又坏了, answers: {product: [空调]}}
        """,
}


class Site:
    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in FILES.items():
            self.write(name, text)
        shutil.copy(PROJECT / "data" / "evidence.yml", root / "data")
        shutil.copytree(PROJECT / "data" / "judgement", root / "data" / "judgement", dirs_exist_ok=True)

    def write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"), "utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        file = self.root / name
        text = file.read_text("utf-8")
        assert text.count(old) == 1, (name, old)
        file.write_text(text.replace(old, new), "utf-8")

    def findings(self, coverage: Coverage | None = None) -> list[Finding]:
        return check(
            self.root,
            code=self.root / "dialogue",
            scenarios=self.root / "tests" / "scenarios",
            coverage=coverage,
        )

    def shown(self) -> list[str]:
        return [f"{one.grade.name} {one.shown(self.root)}" for one in self.findings()]
