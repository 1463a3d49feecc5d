"""The caller's own words, without what only fills: 喂 那个 就是说 呃 … 啊."""

from __future__ import annotations

import re

from ivr.conversation.values.found import Found, found

_EDGE = r"[\s，,。.、！!？?…；;：:—~-]"
_OPENING = re.compile(
    rf"^(?:{_EDGE}|(?:喂+|哎呀?|诶|欸|呃+|嗯+|啊+|哦+|噢|唉|额|哎哟|哎呦|嘿|那个+|这个(?={_EDGE})|就是说吧?|就是|就说|就那个(?=[，,、…\s])|然后|反正|怎么说呢|"
    r"(?:你好|您好|你们好|喂你好)(?:啊|呀|哈)?|我(?:想|要)?(?:跟|和)(?:你|您)(?:说|讲)(?:一?下|个事儿?|啊)?|是这么(?:个|回)事儿?|是这样(?:的|子)?|我(?:说|跟你说)(?="
    + _EDGE
    + r")|"
    rf"(?:先生|师傅|姑娘|闺女|大妹子|小姐|美女|小姑娘|同志)(?={_EDGE}|你好)|麻烦(?:你|您)?(?:一下)?(?={_EDGE})|打扰(?:你|您)?了?(?:啊)?(?={_EDGE})))+"
)
_CLOSING = re.compile(
    rf"(?:{_EDGE}|[啊呀哦呢嘛哈吧呗噻哟喔呐](?={_EDGE}*$)|你知道吧|知道吗|对吧|是吧|明白吗|你说是不是|你说是吧)+$"
)
_INNER = re.compile(
    r"(?:(?<=[，,。、\s…])|^)(?:呃+|嗯+|额+|啊+|哎呀?|诶|那个|这个|就是说|怎么说呢|反正|然后呢?|你知道吧|我跟你(?:说|讲)啊?|你说)(?:[，,、。\s…]+|$)"
)
_STUTTER = re.compile(r"(?P<word>[我你他它那这就]{1,2}|那个|这个|就是)(?:[，,、…\s]*(?P=word))+")


def plain(words: str) -> str:
    """Trimmed, fillers gone, a stutter said once; empty when nothing else was said."""
    before = None
    kept = words.strip()
    while kept != before:
        before = kept
        kept = _STUTTER.sub(lambda m: m["word"], kept)
        kept = _INNER.sub("", _OPENING.sub("", kept))
        kept = _CLOSING.sub("", kept)
    return re.sub(r"[…]+|\.{2,}", "，", kept).strip("，")


def find_text(text: str) -> list[Found]:
    kept = plain(text)
    if not kept:
        return []
    start = max(text.find(kept[:2]), 0)
    end = text.rfind(kept[-2:])
    end = end + len(kept[-2:]) if end >= start else len(text)
    return [found(kept, text, start, end, 0.8)]
