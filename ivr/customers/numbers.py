"""A caller's number in the forms that CRMs keep it in."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

HOME = ("+{0}", "+{0} ", "+{0}-", "{0}", "{0} ", "{0}-", "00{0}", "00{0} ", "00{0}-", "(+{0})", "（+{0}）", "(+{0}) ")
"""What stands before a number with its country code."""
SEPARATORS = ("", " ", "-")


def written(number: str, region: str = "CN") -> tuple[str, ...]:
    """All of them, the normalised national one (`ivr.telephony.numbers`) first: 13800010001, +8613800010001,
    +86 138-0001-0001, …; a landline also as (021)88886666, +86-21-88886666. An extension stays alone."""
    parsed = _parsed(number, region)
    if parsed is None:
        return (number,)
    code, bodies = str(parsed.country_code), _bodies(parsed)
    national = []
    if parsed.country_code == phonenumbers.country_code_for_region(region):
        national = [*bodies, *(f"0{body}" for body in bodies), *_bracketed(parsed)]
    abroad = [prefix.format(code) + body for prefix in HOME for body in bodies]
    usual = [
        phonenumbers.format_number(parsed, form)
        for form in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL)
    ]
    return tuple(dict.fromkeys([number, *usual, *national, *abroad]))


def e164(number: str, region: str = "CN") -> str:
    """+8613800010001; what is no telephone number stays."""
    parsed = _parsed(number, region)
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if parsed else number


def _parsed(number: str, region: str) -> PhoneNumber | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return None
    return parsed if phonenumbers.is_possible_number(parsed) else None


def _bodies(parsed: PhoneNumber) -> list[str]:
    """The significant number, whole, with its groups apart, with only the first (the area code) apart."""
    groups = phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL).split(" ")[1:]
    groups = [part for group in groups for part in group.split("-")]
    forms = [separator.join(groups) for separator in SEPARATORS]
    if _area(parsed):
        forms += [separator.join([groups[0], "".join(groups[1:])]) for separator in SEPARATORS]
    return list(dict.fromkeys(forms))


def _bracketed(parsed: PhoneNumber) -> list[str]:
    """(021)88886666"""
    area = _area(parsed)
    if not area:
        return []
    local = phonenumbers.national_significant_number(parsed)[len(area) :]
    return [f"(0{area}){local}", f"(0{area}) {local}", f"（0{area}）{local}"]


def _area(parsed: PhoneNumber) -> str:
    """Area code of a landline, without 0; '' where there is none."""
    length: int = phonenumbers.length_of_geographical_area_code(parsed)
    return phonenumbers.national_significant_number(parsed)[:length]
