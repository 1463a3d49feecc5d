"""The pictures say what the rules say."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from ivr.designing.content import read_content
from ivr.designing.flow import document, graphs, mermaid
from ivr.designing.svg import layers, svg
from ivr.settings import PROJECT
from tests.unit.designing.site import Site


def test_a_rule_becomes_arrows_with_its_conditions(tmp_path: Path) -> None:
    Site(tmp_path)
    (graph,) = graphs(read_content(tmp_path))
    assert graph.title == "小店（shop）"
    assert graph.nodes["shop_fault_form"] == "故障（fault）\n1. 产品\n2. 问题描述"
    assert graph.edges == [("fault", "shop_fault_form", "topic shop_fault"), ("shop_fault_form", "action_bye", "")]
    assert layers(graph) == [["fault"], ["shop_fault_form"], ["action_bye"]]
    text = mermaid(graph)
    assert 'n0 -->|"topic shop_fault"| n1' in text
    assert "1. 产品<br/>2. 问题描述" in text


def test_every_hotline_has_a_picture_and_the_svg_is_xml() -> None:
    drawn = graphs(read_content(PROJECT))
    assert len(drawn) == 8  # what all share, and seven hotlines
    picture = svg(drawn)
    assert ET.fromstring(picture).tag.endswith("svg")  # noqa: S314  (our own)
    assert "NaN" not in picture
    assert document(read_content(PROJECT)).count("```mermaid") == 8
