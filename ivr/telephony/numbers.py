"""Telephone numbers: normalised once, here, where they enter. Nothing in a SIP header can make this raise."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

SHORTEST = 3
"""Digits of an extension; less is no number."""
LONGEST = 20
_USER = re.compile(r"(?:sips?:([^@;>\s]+)@|tel:([^;>\s]+))", re.IGNORECASE)


def user_of(header: str) -> str:
    """The user part of a SIP or tel URI in a header (RFC 3261, 20.10), whatever stands around it; else ''."""
    found = _USER.search(header[:1000])
    return (found[1] or found[2] or "") if found else ""


def digits_of(raw: str) -> str:
    """Digits, with a leading + if there was one; '' when anything but separators stands between them."""
    compact = re.sub(r"[\s().-]", "", raw)
    return compact if re.fullmatch(rf"\+?[0-9]{{{SHORTEST},{LONGEST}}}", compact, re.ASCII) else ""


def caller_number(raw: str, *, withheld: bool = False, region: str = "CN") -> str | None:
    """+8613800010001, 013800010001, 8613800010001 → 13800010001; 02160000001, +862160000001 → 02160000001;
    abroad: +12025550123; an extension stays. Withheld, anonymous and what is no number: None."""
    number = digits_of(raw)
    if withheld or not number:
        return None
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return number.lstrip("+")
    if not phonenumbers.is_possible_number(parsed):
        return number.lstrip("+")
    if parsed.country_code != phonenumbers.country_code_for_region(region):
        return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    return re.sub(r"\D", "", phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL))


def readings(dialled: str, region: str = "CN") -> tuple[str, ...]:
    """A dialled number as it may stand in `hotline.yml`: as it came, then without the country code."""
    number = digits_of(dialled)
    if not number:
        return ()
    code = str(phonenumbers.country_code_for_region(region))
    found = [number]
    for prefix in (f"+{code}", f"00{code}", code):
        if number.startswith(prefix) and len(number) - len(prefix) >= SHORTEST:
            rest = number[len(prefix) :]
            found += [rest, f"0{rest}"]
            break
    return tuple(dict.fromkeys(found))


def spellings(number: str, region: str = "CN") -> tuple[str, ...]:
    """A number of `hotline.yml` (a trailing * stays) as a provider may spell it: the inverse of `readings`."""
    code = phonenumbers.country_code_for_region(region)
    significant = number.removeprefix("0")
    return tuple(dict.fromkeys([number, *(f"{prefix}{code}{significant}" for prefix in ("+", "00", ""))]))
