"""The 18-digit ID number (GB 11643-1999): what it says of its holder, and whether its check digit is right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


@dataclass(frozen=True)
class IdNumber:
    """An ID number that is right: its 18 signs, the birthday and the gender it says."""

    digits: str
    born_on: date
    gender: str


def read_id_number(text: str) -> IdNumber | str:
    """Give what an ID number says, or a sentence in Chinese saying what is wrong with it, without repeating it."""
    digits = "".join(letter for letter in text if letter not in " -\u3000").upper()
    if len(digits) != 18 or not digits.isascii() or not digits[:17].isdigit():
        return "身份证号须为18位"
    if digits[17] != check_digit(digits[:17]):
        return "身份证号的校验位不对，请核对"
    try:
        born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return "身份证号里的出生日期不对"
    return IdNumber(digits, born, "male" if int(digits[16]) % 2 else "female")


def check_digit(first_17: str) -> str:
    """Give the 18th sign for the first seventeen digits."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True)) % 11]
