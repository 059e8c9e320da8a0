"""Each act tells the people concerned: once, in their own words, over a channel that reaches them."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from rich.console import Console
from sqlalchemy import text

from services.messages import carriers, fake_carrier
from services.messages.actions import bind_wechat, mark_read, tell, told_in_person
from services.messages.delivering import record_arrival
from services.messages.errors import CarrierRefused, NoSuchMessage, UnknownTemplate
from services.messages.queries import deliveries, inbox, not_reached, unread_count
from services.people.privacy import seal
from services.unit_of_work import SYSTEM, Actor, unit_of_work


def _tell(now, **who):
    with unit_of_work(SYSTEM, login="jobs") as work:
        tell(
            work.session, now, template="payments.declined", facts={"amount_fen": 1250}, subject=("payable", 7), **who
        )  # fmt: skip


def _tries(database, recipient):
    with database.session("setup") as session:
        return [
            tuple(row)
            for row in session.connection().execute(
                text("SELECT channel, state FROM message_delivery WHERE recipient_id = :r ORDER BY id"),
                {"r": recipient},
            )
        ]


def test_the_elders_side_is_told_by_her_spoken_name_with_a_receipt(database, frozen, cast, do_jobs):
    _tell(frozen.now, audience={"elder_side": cast.wang}, elder_id=cast.wang, key="k1")
    do_jobs(frozen.now)
    with unit_of_work(Actor(cast.daughter, "family")) as work:
        (message,) = inbox(work.session, cast.daughter)
        (delivery,) = deliveries(work.session, message.id)
    assert "王奶奶" in message.body and "12.50元" in message.body and "王秀兰" not in message.body
    assert (delivery.channel, delivery.state, delivery.receipt[:9]) == ("sms", "delivered", "fake-sms-")
    assert {parcel.to_label for parcel in fake_carrier.received()} == {"王秀兰", "李敏"}


def test_the_story_says_who_was_told_once_below_the_step_that_told_them(frozen, cast, do_jobs):
    from workers.story.telling import Telling
    from workers.story.told import Told

    said = io.StringIO()
    telling = Telling(Console(file=said, width=200), "http://house", afterwards=Told(patience_seconds=0))
    with telling.step("扣款没有成功"):
        _tell(frozen.now, audience={"elder_side": cast.wang}, elder_id=cast.wang, key="k1")
        do_jobs(frozen.now)
    assert "告知 李敏（短信）" in said.getvalue() and "告知 王秀兰（短信）" in said.getvalue()
    with telling.step("什么也没有发生"):
        pass
    assert said.getvalue().count("告知 李敏") == 1


def test_the_same_key_tells_once_and_a_repeated_job_sends_nothing_more(database, frozen, cast, do_jobs):
    for _ in range(2):
        _tell(frozen.now, audience={"provider_id": cast.kangle}, elder_id=cast.wang, key="k1")
    do_jobs(frozen.now)
    with database.session("setup") as session, session.begin():
        session.connection().execute(text("UPDATE outbox SET state = 'sent', confirmed_at = NULL"))
    do_jobs(frozen.now)
    assert len(fake_carrier.received()) == 1
    assert _tries(database, cast.dispatcher) == [("sms", "delivered")]


def test_a_lost_answer_is_asked_again_with_the_same_key_and_the_phone_rings_once(database, frozen, cast, do_jobs):
    carriers.sms().lose_next_answers = 1
    _tell(frozen.now, recipient_ids=[cast.daughter], elder_id=cast.wang)
    assert ("messages.carry", "CarrierUnknown") in do_jobs(frozen.now)
    assert _tries(database, cast.daughter) == []
    do_jobs(frozen.now)
    assert len(fake_carrier.received()) == 1
    assert _tries(database, cast.daughter) == [("sms", "delivered")]


def test_a_gateway_that_never_answers_ends_with_a_person(database, frozen, cast, do_jobs):
    carriers.sms().lose_next_answers = 99
    _tell(frozen.now, recipient_ids=[cast.daughter], elder_id=cast.wang)
    for _ in range(5):
        do_jobs(frozen.now)
    assert _tries(database, cast.daughter) == [("sms", "failed"), ("person", "sent")]


def test_wechat_comes_first_costs_one_consent_and_falls_back_to_sms(database, frozen, cast, do_jobs):
    with unit_of_work(SYSTEM, login="jobs") as work:
        bind_wechat(work.session, frozen.now, cast.daughter, seal("openid", "oX1"), consents=1)
    for number in range(2):
        _tell(frozen.now, recipient_ids=[cast.daughter], elder_id=cast.wang, key=f"k{number}")
        do_jobs(frozen.now)
    assert _tries(database, cast.daughter) == [("wechat", "delivered"), ("sms", "delivered")]


def test_whom_no_channel_reaches_is_left_to_a_person_in_her_area(database, frozen, cast, do_jobs):
    _tell(frozen.now, recipient_ids=[cast.wu], area_code=320102002001000, elder_id=cast.wang)
    do_jobs(frozen.now)
    officer = Actor(cast.dispatcher, "officer", area_lo=320102002000000, area_hi=320102002999999)
    elsewhere = Actor(cast.dispatcher, "officer", area_lo=320104006000000, area_hi=320104006999999)
    with unit_of_work(elsewhere) as work:
        assert not_reached(work.session) == []
    with unit_of_work(officer) as work:
        (waiting,) = not_reached(work.session)
        told_in_person(work.session, work.now, officer, waiting.id)
    with unit_of_work(officer) as work:
        assert not_reached(work.session) == []


def test_nobody_reads_or_marks_anothers_message(database, frozen, cast, do_jobs):
    _tell(frozen.now, recipient_ids=[cast.daughter], elder_id=cast.wang)
    do_jobs(frozen.now)
    stranger = Actor(cast.wu, "registered")
    with unit_of_work(Actor(cast.daughter, "family")) as work:
        (message,) = inbox(work.session, cast.daughter)
        assert unread_count(work.session, cast.daughter) == 1
    with pytest.raises(NoSuchMessage), unit_of_work(stranger) as work:
        assert inbox(work.session, cast.daughter) == []
        mark_read(work.session, work.now, stranger, message.id)
    with unit_of_work(Actor(cast.daughter, "family")) as work:
        first = mark_read(work.session, work.now, work.actor, message.id)
    frozen.advance(hours=1)
    with unit_of_work(Actor(cast.daughter, "family")) as work:
        assert mark_read(work.session, work.now, work.actor, message.id) == first
        assert unread_count(work.session, cast.daughter) == 0


def test_what_can_wait_rings_at_seven_and_is_in_the_inbox_at_once(database, frozen, cast, do_jobs):
    frozen.advance(hours=12)  # 22:00 in Nanjing
    with unit_of_work(SYSTEM, login="jobs") as work:
        tell(
            work.session, work.now, recipient_ids=[cast.daughter], template="payments.captured",
            facts={"amount_fen": 100}, elder_id=cast.wang,
        )  # fmt: skip
    do_jobs(frozen.now)
    with unit_of_work(Actor(cast.daughter, "family")) as work:
        assert len(inbox(work.session, cast.daughter)) == 1
    assert fake_carrier.received() == []
    do_jobs(frozen.now + timedelta(hours=8, minutes=59))
    assert fake_carrier.received() == []
    do_jobs(frozen.now + timedelta(hours=9))
    assert len(fake_carrier.received()) == 1


def test_a_text_that_did_not_arrive_after_all_goes_to_the_next_rung(database, frozen, cast, do_jobs, monkeypatch):
    monkeypatch.setattr(carriers.sms(), "send", lambda parcel: carriers.Receipt("gw-1", "sent"))
    _tell(frozen.now, recipient_ids=[cast.daughter], elder_id=cast.wang)
    do_jobs(frozen.now)
    for _ in range(2):
        with unit_of_work(SYSTEM, login="jobs") as work:
            assert record_arrival(work.session, work.now, "gw-1", arrived=False, error="UNDELIV")
            assert not record_arrival(work.session, work.now, "gw-unknown", arrived=True)
    do_jobs(frozen.now)
    assert _tries(database, cast.daughter) == [("sms", "sent"), ("sms", "failed"), ("person", "sent")]


def test_an_unknown_template_or_nobody_addressed_is_refused_before_anything_is_promised(database, now, cast):
    with unit_of_work(SYSTEM, login="jobs") as work:
        with pytest.raises(UnknownTemplate):
            tell(work.session, now, recipient_ids=[1], template="no.such", facts={})
        with pytest.raises(ValueError, match="nobody is addressed"):
            tell(work.session, now, template="payments.declined", facts={})


def test_a_dead_number_is_refused_and_nothing_is_kept(database, now):
    with pytest.raises(CarrierRefused):
        carriers.send_code("13900000000", "123456", key="code-1")
    assert fake_carrier.received() == []
    carriers.send_code("13900000009", "123456", key="code-2")
    (parcel,) = fake_carrier.received(address="13900000009")
    assert "123456" in parcel.body and parcel.to_label == "139****0009"


def test_two_carriers_of_one_message_leave_one_parcel_and_one_receipt(database, frozen, cast, do_jobs):
    import threading

    from workers.performing import perform

    _tell(frozen.now, recipient_ids=[cast.daughter], elder_id=cast.wang)
    do_jobs(frozen.now, only="messages.deliver")
    with database.session("setup") as session:
        row = session.connection().execute(text("SELECT id FROM outbox WHERE job = 'messages.carry'")).scalar_one()
    threads = [threading.Thread(target=perform, args=(row,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fake_carrier.received()) == 1
    assert _tries(database, cast.daughter) == [("sms", "delivered")]
