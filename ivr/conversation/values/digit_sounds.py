"""What digits and letters sound like, and so what callers say and recognisers write for them."""

from __future__ import annotations

from collections.abc import Mapping


def _by_sound(sounds: Mapping[str, str]) -> dict[str, str]:
    """Digit or letter → characters for it, turned round."""
    return {char: meant for meant, chars in sounds.items() for char in chars}


STRONG = _by_sound(
    {
        "0": "零〇○",
        "1": "一幺壹",
        "2": "二贰",
        "3": "三叁",
        "4": "四肆",
        "5": "五伍",
        "6": "六陆",
        "7": "七柒",
        "8": "八捌",
        "9": "九玖",
    }
)
"""Digits wherever they stand."""

BESIDE = _by_sound(
    {
        "2": "两",
        "0": "洞",
        "7": "拐",
        "9": "勾钩",
        "1": "吆妖腰么",
    }
)
"""Digits only beside other digits."""

BETWEEN = _by_sound(
    {
        "0": "林玲铃灵陵",
        "1": "邀夭要衣医",
        "2": "爱儿尔而",
        "3": "山伞散",
        "4": "死寺思",
        "5": "午舞无武吴",
        "6": "流刘留溜柳",
        "7": "期妻气起其",
        "8": "巴吧把爸拔",
        "9": "酒久就旧狗救",
    }
)
"""What recognisers write for digits, believed only in the midst of a longer string."""

PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
"""First character of a plate."""

LETTER_SOUNDS = _by_sound(
    {
        "A": "诶",
        "B": "逼必比币笔",
        "C": "西希",
        "D": "弟地帝第",
        "E": "意伊亿",
        "F": "夫",
        "G": "记鸡几",
        "J": "杰",
        "K": "开科",
        "N": "恩",
        "P": "皮屁批",
        "R": "阿",
        "T": "替提",
        "U": "优",
        "V": "微",
        "Y": "歪外",
    }
)
"""Letters of a plate, after its province, as recognisers write them."""
