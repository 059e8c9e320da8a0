"""When a phone may ring, and how a name is spoken."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.messages.rules import earliest_ring, rungs
from services.messages.template import Template
from services.messages.templates import all_templates
from services.people.addressees import honorific
from workers.message_facts import clock_time, moment, yuan


@pytest.mark.parametrize(
    ("utc", "rings"),
    [
        ((2026, 11, 24, 12, 59), (2026, 11, 24, 12, 59)),  # 20:59
        ((2026, 11, 24, 13, 0), (2026, 11, 24, 23, 0)),  # 21:00 -> 7:00
        ((2026, 11, 24, 22, 59), (2026, 11, 24, 23, 0)),  # 6:59
        ((2026, 11, 24, 23, 0), (2026, 11, 24, 23, 0)),  # 7:00
    ],
)
def test_what_can_wait_rings_between_seven_and_nine_in_the_evening(utc, rings):
    at = datetime(*utc, tzinfo=UTC)
    assert earliest_ring(at, waits_for_morning=True) == datetime(*rings, tzinfo=UTC)
    assert earliest_ring(at, waits_for_morning=False) == at


def test_the_ladder_ends_with_a_person():
    assert rungs(wechat=True, phone=True) == ("wechat", "sms", "person")
    assert rungs(wechat=False, phone=False) == ("person",)


def test_every_template_has_a_short_title_and_its_signature():
    for name, template in all_templates().items():
        assert template.text.startswith("【银龄圈】"), name
        assert "." in name
    with pytest.raises(ValueError, match="20"):
        Template("一" * 21, "x")


def test_facts_are_said_as_people_say_them():
    assert honorific("王秀兰", "female") == "王奶奶" and honorific("欧阳明", "male") == "欧阳爷爷"
    assert clock_time(moment("2026-11-26T01:00:00+00:00")) == "11月26日周四9:00"
    assert (yuan(5), yuan(120000), yuan(-1250)) == ("0.05元", "1200.00元", "-12.50元")
    with pytest.raises(ValueError, match="time zone"):
        moment("2026-11-26T01:00:00")


def test_only_what_is_urgent_rings_and_only_where_no_text_was_carried():
    assert rungs(wechat=True, phone=True, rings=True) == ("wechat", "sms", "call", "person")
    assert rungs(wechat=True, phone=False, rings=True) == ("wechat", "person")
    ringing = {name for name, template in all_templates().items() if template.rings}
    assert ringing == {"visits.no_answer", "visits.risk", "oversight.alert_urgent"}
    assert not any(all_templates()[name].waits_for_morning for name in ringing)
