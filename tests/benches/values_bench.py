"""Spoken values: ours beside the field's libraries, right answers and time a sentence.

    python tests/benches/values_bench.py [--public FILE.tsv]

The candidates are not needed by the product and are skipped where they are not installed:
`pip install jionlp recognizers-text-suite 'emoji<2' wetext cn2an`. Cases: tests/unit/values/cases/*.tsv (our own);
`--public` takes more, one a line: kind, the call's date (or empty), what was said, the value, tab between.
Numbers-only candidates (wetext, cn2an) are judged on digits and money, after the least glue that makes a value of
their text: what is not a digit or a letter is dropped, 块/元/毛/分 are read as units.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import io
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from ivr.conversation.values.find import find

TODAY = dt.date(2026, 11, 22)
CASES = Path(__file__).parent.parent / "unit" / "values" / "cases"
Candidate = Callable[[str, str, dt.date], str | None]
"""kind, what was said, the call's date → value, None for none."""


def ours(kind: str, said: str, today: dt.date) -> str | None:
    value = find(kind, said, today=today)
    return value.value if value else None


def _amount(text: str) -> str | None:
    """An amount of text whose numbers are written in digits."""
    match = re.search(r"¥?(\d+(?:\.\d+)?)(?:块|元)?(?:(\d)[毛角])?(?:(\d)分)?", text)
    if match is None:
        return None
    return f"{Decimal(match[1]) + Decimal(match[2] or 0) / 10 + Decimal(match[3] or 0) / 100:.2f}"


def _written(normalise: Callable[[str], str]) -> Candidate:
    def candidate(kind: str, said: str, _: dt.date) -> str | None:
        text = normalise(said)
        if kind == "money":
            return _amount(text)
        digits = re.sub(r"[^0-9A-Za-z京沪粤苏浙闽川鄂]", "", text).upper()
        return digits if re.search(r"\d", digits) else None

    return candidate


def wetext() -> Candidate:
    from wetext import Normalizer

    return _written(Normalizer(lang="zh", operator="itn").normalize)


def cn2an() -> Candidate:
    import cn2an as library

    return _written(lambda said: str(library.transform(said, "cn2an")))


def jionlp() -> Candidate:
    with contextlib.redirect_stdout(io.StringIO()):
        import jionlp as library

    def candidate(kind: str, said: str, today: dt.date) -> str | None:
        if kind == "money":
            amounts = library.ner.extract_money(said)
            number = (amounts[-1]["detail"] if amounts else library.parse_money(said))["num"]
            return number if isinstance(number, str) else str(number[0])
        noon = dt.datetime.combine(today, dt.time(12), dt.timezone(dt.timedelta(hours=8)))
        found = library.ner.extract_time(said, time_base=noon.timestamp())
        if not found:
            return None
        first = str(found[-1]["detail"]["time"][0])
        return first[:10] if kind == "date" else _slot(first, str(found[-1]["detail"]["time"][1]))

    return candidate


def _slot(first: str, last: str) -> str:
    """A span of time as an appointment."""
    if first[11:13] == last[11:13] or last[14:16] == "00":
        return first[:16]
    return f"{first[:10]} {'上午' if first[11:13] < '12' else '下午' if first[11:13] < '18' else '晚上'}"


def recognizers() -> Candidate:
    from recognizers_date_time import recognize_datetime
    from recognizers_number_with_unit import recognize_currency
    from recognizers_text import Culture

    def candidate(kind: str, said: str, today: dt.date) -> str | None:
        if kind == "money":
            amounts = recognize_currency(said, Culture.Chinese)
            return f"{Decimal(amounts[-1].resolution['value']):.2f}" if amounts else None
        found = recognize_datetime(said, Culture.Chinese, reference=dt.datetime.combine(today, dt.time(12)))
        choices = [value for one in found if one.resolution for value in one.resolution["values"]]
        if not choices:
            return None
        past = [one for one in choices if one.get("value", one.get("start", ""))[:10] <= today.isoformat()]
        chosen = (past or choices)[-1]
        first = str(chosen.get("value") or chosen.get("start"))
        return first[:10] if kind == "date" else _slot(first, str(chosen.get("end", first)))

    return candidate


KINDS = {
    "ours": ("digits", "money", "date", "time"),
    "wetext": ("digits", "money"),
    "cn2an": ("digits", "money"),
    "jionlp": ("money", "date", "time"),
    "recognizers": ("money", "date", "time"),
}
MAKERS: dict[str, Callable[[], Candidate]] = {
    "ours": lambda: ours,
    "wetext": wetext,
    "cn2an": cn2an,
    "jionlp": jionlp,
    "recognizers": recognizers,
}


def own_cases() -> list[tuple[str, dt.date, str, str]]:
    cases = []
    for kind in KINDS["ours"]:
        for line in (CASES / f"{kind}.tsv").read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                said, _, meant = line.partition("\t")
                cases.append((kind, TODAY, said, meant))
    return cases


def public_cases(file: Path) -> list[tuple[str, dt.date, str, str]]:
    rows = [line.split("\t") for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [(kind, dt.date.fromisoformat(day) if day else TODAY, said, meant) for kind, day, said, meant in rows]


def run(title: str, cases: list[tuple[str, dt.date, str, str]]) -> None:
    print(f"{title}\n{'':12}" + "".join(f"{kind:>16}" for kind in KINDS["ours"]) + f"{'ms a sentence':>16}")
    for name, make in MAKERS.items():
        try:
            candidate = make()
        except ImportError as error:
            print(f"{name:12}not installed ({error})")
            continue
        right: dict[str, int] = defaultdict(int)
        asked: dict[str, int] = defaultdict(int)
        begun = time.perf_counter()
        for kind, today, said, meant in cases:
            if kind not in KINDS[name]:
                continue
            asked[kind] += 1
            try:
                value = candidate(kind, said, today)
            except Exception:  # noqa: BLE001  a candidate that breaks on a sentence has no answer
                value = None
            right[kind] += (value or "-") == meant
        spent = (time.perf_counter() - begun) * 1000 / max(sum(asked.values()), 1)
        cells = (f"{right[kind]}/{asked[kind]}" if asked[kind] else "" for kind in KINDS["ours"])
        print(f"{name:12}" + "".join(f"{cell:>16}" for cell in cells) + f"{spent:>16.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Spoken values: ours beside the field's libraries.")
    parser.add_argument("--public", type=Path, help="further cases, tab-separated")
    options = parser.parse_args()
    run("own cases", own_cases())
    if options.public:
        run(str(options.public.name), public_cases(options.public))


if __name__ == "__main__":
    sys.exit(main())
