"""The story's people are written down once: district, story, tests and README call them by the same names."""

from __future__ import annotations

import re
from pathlib import Path

from yl_people import STAFF, called

from services.people.demonstration import CAST, SAMPLES

ROOT = Path(__file__).resolve().parents[3]


def test_every_phone_belongs_to_one_person_and_to_a_range_nobody_was_issued():
    phones = [one.phone for one in CAST]
    assert len(set(phones)) == len({one.key for one in CAST}) == len(CAST)
    assert all(re.fullmatch(r"154\d{8}", phone) for phone in phones)
    assert {one.key for one in CAST} - {one.key for one in SAMPLES} == {"sun", "qian"}


def test_no_other_file_writes_their_phones_down():
    phone = re.compile(r"1540000\d{4}")
    known = {one.phone: one.full_name for one in CAST}
    strangers = [
        (str(file.relative_to(ROOT)), line)
        for file in sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("workers/**/*.py")))
        for line in file.read_text(encoding="utf-8").splitlines()
        for found in phone.findall(line)
        if known.get(found, "—") not in line
    ]
    assert strangers == []


def test_the_tests_call_them_by_the_same_names():
    assert {
        role.key: (role.full_name, role.gender) for role in STAFF if role.key in ("daughter", "officer", "carer")
    } == {
        "daughter": called("li_min"),
        "officer": called("zhao"),
        "carer": called("chen_fang"),
    }
