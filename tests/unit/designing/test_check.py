"""`ivr dialogue check`: each fault is found, with file and line, and a right dialogue has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.designing.site import Site

DOMAIN, RULES, NLU = "dialogue/domain/shop.yml", "dialogue/data/rules.yml", "dialogue/data/nlu.yml"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_right_dialogue_has_no_findings(site: Site) -> None:
    assert site.shown() == []


FAULTS = [
    # file, what stands there, what is written instead, what the check says
    (DOMAIN, "\nslots:\n", "\nslots: {\n", "ERROR dialogue/domain/shop.yml:5：不是正确的 YAML"),
    (DOMAIN, "entities: []", "intents: [fault]", "dialogue/domain/shop.yml:2：同一层里“intents”写了两次"),
    (
        DOMAIN,
        "  utter_ask_product:\n",
        "  utter_hm:\n  - {text: 嗯, condition: [{name: requested_slot, value: colour}]}\n  utter_ask_product:\n",
        "没有叫 colour 的槽",
    ),
    (DOMAIN, "    - problem\n", "", "ERROR dialogue/domain/shop.yml:9：shop_fault_form 不问 problem"),
    (
        DOMAIN,
        "    - problem\n",
        "    - problem\n    - colour\n",
        "dialogue/domain/shop.yml:13：shop_fault_form 要问 colour，但没有这个槽",
    ),
    (
        DOMAIN,
        "  utter_ask_product:",
        "  utter_ask_thing:",
        "dialogue/domain/shop.yml:11：shop_fault_form 要问 product，但没有问句",
    ),
    (
        DOMAIN,
        "    custom: {asks: [product]}\n",
        "",
        "dialogue/domain/shop.yml:16：utter_ask_product 的这一条没有 custom.asks",
    ),
    (
        DOMAIN,
        "asks: [product]",
        "asks: [colour]",
        "dialogue/domain/shop.yml:16：utter_ask_product：asks 里的 colour 不认识",
    ),
    (
        DOMAIN,
        "asks: [product]",
        "asks: [product, problem, confirm]",
        "dialogue/domain/shop.yml:16：utter_ask_product：一口气问了 3 样",
    ),
    (
        DOMAIN,
        "{product}怎么了",
        "{colour}怎么了",
        "dialogue/domain/shop.yml:19：utter_ask_problem：没有动作会填 {colour}",
    ),
    (DOMAIN, "{product}怎么了", "{product怎么了", "dialogue/domain/shop.yml:19：utter_ask_problem：花括号写错了"),
    (DOMAIN, "validate_shop_fault_form, ", "", "dialogue/domain/shop.yml:9：actions 里没有 validate_shop_fault_form"),
    (DOMAIN, "action_ask_product, ", "", "dialogue/domain/shop.yml:11：actions 里没有 action_ask_product"),
    (DOMAIN, "action_bye]", "action_bye, action_sing]", "dialogue/domain/shop.yml:13：动作 action_sing 没有人实现"),
    (
        DOMAIN,
        "values: [shop_fault]",
        "values: [shop_fire]",
        "ERROR dialogue/domain/shop.yml:5：槽 topic 的 values 里没有 shop_fault",
    ),
    (
        DOMAIN,
        "  problem: {type: text",
        "  colour: {type: text, mappings: [{type: custom}]}\n  problem: {type: text",
        "HINT dialogue/domain/shop.yml:7：槽 colour 没有人问",
    ),
    (DOMAIN, "session_begin, fault]", "session_begin, fault, song]", "dialogue/domain/shop.yml:1：意图 song 没有例句"),
    (
        DOMAIN,
        "responses:\n",
        "responses:\n  utter_song:\n  - text: 啦\n",
        "HINT dialogue/domain/shop.yml:15：utter_song 没有人说",
    ),
    (
        DOMAIN,
        "asks: [product]}\n",
        "asks: [product]}\n    condition: [{type: slot, name: topic, value: nothing}]\n",
        "dialogue/domain/shop.yml:18：condition：槽 topic 没有 nothing 这个值",
    ),
    (
        RULES,
        "- topic: shop_fault",
        "- topic: shop_fire",
        "dialogue/data/rules.yml:5：槽 topic 没有 shop_fire 这个值；有的是：shop_fault",
    ),
    (RULES, "- topic: shop_fault", "- subject: shop_fault", "dialogue/data/rules.yml:5：没有叫 subject 的槽"),
    (RULES, "- intent: fault", "- intent: fauld", "dialogue/data/rules.yml:7：没有叫 fauld 的意图"),
    (RULES, "- action: action_bye", "- action: action_by", "dialogue/data/rules.yml:16：规则用了 action_by"),
    (
        RULES,
        "- action: action_bye",
        "- action: utter_bye",
        "dialogue/data/rules.yml:16：规则用了 utter_bye，但responses 里没有这句话",
    ),
    (
        RULES,
        "  - active_loop: shop_fault_form\n- rule",
        "  - active_loop: shop_form\n- rule",
        "dialogue/data/rules.yml:9：没有叫 shop_form 的表单",
    ),
    (
        RULES,
        "  - active_loop: shop_fault_form\n- rule",
        "- rule",
        "ERROR dialogue/domain/shop.yml:9：没有规则在 topic 是 shop_fault 时开始",
    ),
    (
        RULES,
        "- rule: 问完",
        "- rule: 开始",
        "dialogue/data/rules.yml:10：规则“开始”和 dialogue/data/rules.yml:2 的重名",
    ),
    (RULES, "- action: action_bye", "- actoin: action_bye", "dialogue/data/rules.yml:16：不认识的步骤（actoin）"),
    (
        NLU,
        "- 声音响得很",
        "- 空调，坏了",
        "HINT dialogue/data/nlu.yml:11：“空调，坏了”写了两遍（dialogue/data/nlu.yml:4）",
    ),
    (
        NLU,
        "- 声音响得很",
        "- 我家那台老空调，又坏了",
        "ERROR dialogue/data/nlu.yml:11：“我家那台老空调，又坏了”是场景 broken（shop.yml:3）里的话",
    ),
    (NLU, "intent: fault", "intent: falt", "dialogue/data/nlu.yml:4：例句的意图 falt 没有写进 domain"),
    (
        "data/packs/shop/lexicon.yml",
        "[冰柜]",
        "[冰柜, 挂机]",
        "ERROR data/packs/shop/lexicon.yml:3：词表 product：“挂机”既是 空调（第 2 行）又是 冰箱",
    ),
    (
        "data/packs/shop/lexicon.yml",
        "product:",
        "colour:",
        "HINT data/packs/shop/lexicon.yml:1：词表 colour 没有对应的字段",
    ),
    ("data/packs/shop/evidence.yml", "[东西坏]", "['坏(了']", "ERROR data/packs/shop/evidence.yml:1：正则表达式写错了"),
    ("data/packs/shop/evidence.yml", "empty: [喂你好]", "moves: [喂]", "ERROR data/evidence.yml"),
    ("data/taxonomy.yml", "required: [product, problem]", "required: [product, prob]", "ERROR data/taxonomy.yml"),
    (
        "data/taxonomy.yml",
        "      fault: {",
        "      fire: {zh: 起火, required: []}\n      fault: {",
        "data/taxonomy.yml:8：类别 shop_fire 没有表单：请在 dialogue/domain/shop.yml 的 forms 里写 shop_fire_form",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "says"), FAULTS)
def test_each_fault_is_found_where_it_is(site: Site, file: str, old: str, new: str, says: str) -> None:
    site.edit(file, old, new)
    assert [each for each in site.shown() if says in each], "\n".join(site.shown())


def test_the_same_sentence_under_two_intents_is_an_error(site: Site) -> None:
    site.edit("dialogue/domain/shop.yml", "session_begin, fault]", "session_begin, fault, song]")
    more = "  - intent: song\n    examples: |\n      - 空调坏了\n"
    file = site.root / NLU
    file.write_text(file.read_text("utf-8") + more.replace("\n  ", "\n").removeprefix("  "), "utf-8")
    assert any("写在两个意图下：song 和 fault" in each for each in site.shown()), site.shown()


def test_a_hotline_without_a_pack_is_told(site: Site) -> None:
    (site.root / "data/packs/shop/hotline.yml").unlink()
    assert any("热线 shop 没有 data/packs/shop/hotline.yml" in each for each in site.shown())


ROUTES = "queues:\n  shop_fault: {skill: fault}\n  spare: {}\nroutes:\n- {category: fault, queue: shop_fault}\n"


def test_routes_to_humans_name_what_there_is(site: Site) -> None:
    file = site.root / "data" / "packs" / "shop" / "handoff.yml"
    file.write_text(ROUTES, "utf-8")
    assert [found for found in site.shown() if "handoff.yml" in found] == [
        "HINT data/packs/shop/handoff.yml:3：队列 spare 没有 routes 用到：没有电话会进去。"
    ]
    file.write_text(ROUTES.replace("category: fault", "category: [fault, faul], urgency: P9"), "utf-8")
    shown = "\n".join(site.shown())
    assert "ERROR data/packs/shop/handoff.yml:5：routes 的 category 没有 faul；可用：fault。" in shown
    assert "routes 的 urgency 没有 P9；可用：P1、P2、P3、P4。" in shown
    file.write_text(ROUTES.replace("category:", "catgory:"), "utf-8")
    assert "不认识 catgory" in "\n".join(site.shown())
    file.write_text(ROUTES.replace("queue: shop_fault}", "queue: shop}\n- {queue: nowhere}"), "utf-8")
    assert "队列 nowhere 没有写在 queues 里" in "\n".join(site.shown())


def test_what_repairs_misheard_words_is_read_too(site: Site) -> None:
    site.write("data/words.yml", "方言字: 侬\n")
    site.write("data/sounds.yml", "initials: {b: [唇, 塞]}\n")
    shown = "\n".join(site.shown())
    assert "words.yml 有误" in shown
    assert "应当是“分类: [词, 词]”" in shown
    assert "sounds.yml 有误" in shown
    site.write("data/words.yml", "方言字: [侬]\n")
    (site.root / "data/sounds.yml").unlink()
    assert site.shown() == []
