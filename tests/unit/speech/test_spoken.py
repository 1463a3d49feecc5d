import re

import pytest

from ivr.speech.spoken import cardinal, digit_by_digit, spoken

SAID = [
    ("工单号是GD20261122-000123", "工单号是GD、二零二六、幺幺二二、零零零、幺二三"),
    ("尾号0123", "尾号零幺二三"),
    ("订单号DD20260418007", "订单号DD、二零二、六零四幺、八零零七"),
    ("型号是KFR-35GW，故障代码E4", "型号是KFR、三五、GW，故障代码E四"),
    ("您的电话13812345678对吗", "您的电话幺三八、幺二三四、五六七八对吗"),
    ("请拨打400-100-0001", "请拨打四零零、幺零零、零零零幺"),
    ("座机01088886666", "座机零幺零、八八八八、六六六六"),
    ("订单号 1234 5678", "订单号幺二三四、五六七八"),
    ("50.80元", "五十元八角"),
    ("￥1,280.05元", "一千二百八十元零五分"),
    ("0.5元", "五角"),
    ("2000元", "两千元"),
    ("2026-11-22", "二零二六年十一月二十二日"),
    ("11月22号下午2点", "十一月二十二号下午两点"),
    ("2026-11-24 下午", "二零二六年十一月二十四日下午"),
    ("9:00-18:00", "九点到十八点"),
    ("10:05", "十点零五分"),
    ("50%", "百分之五十"),
    ("-5℃", "零下五摄氏度"),
    ("1.5匹", "一点五匹"),
    ("2台", "两台"),
    ("12台", "十二台"),
    ("3-5天", "三到五天"),
    ("第2次", "第二次"),
    ("12315", "幺二三幺五"),
    ("按0转人工", "按零转人工"),
    ("请问有什么可以帮您？", "请问有什么可以帮您？"),
]


@pytest.mark.parametrize(("written", "said"), SAID)
def test_says_it_as_people_do(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize("written", [written for written, _ in SAID])
def test_leaves_no_digit_and_is_done_once(written: str) -> None:
    said = spoken(written)
    assert not re.search(r"\d", said)
    assert spoken(said) == said


@pytest.mark.parametrize(
    ("digits", "said"),
    [("0", "零"), ("10", "十"), ("110", "一百一十"), ("1005", "一千零五"), ("20015", "两万零一十五"),
     ("100000", "十万"), ("1000000", "一百万"), ("10000001", "一千万零一")],
)  # fmt: skip
def test_cardinals(digits: str, said: str) -> None:
    assert cardinal(digits) == said


@pytest.mark.parametrize("length", range(1, 25))
def test_groups_hold_every_digit_in_order(length: int) -> None:
    digits = ("1234567890" * 3)[:length]
    said = digit_by_digit(digits)
    assert said.replace("、", "") == digits.translate(str.maketrans("0123456789", "零幺二三四五六七八九"))
    assert all(1 <= len(group) <= 5 for group in said.split("、"))
