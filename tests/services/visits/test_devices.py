"""A phone without signal: what it signed is taken in once, however often, and nothing it did not sign."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.visits.device_events import Answer, Signed, take_events
from services.visits.devices import canonical, devices_of, register_device, revoke_device
from services.visits.errors import (
    BadDeviceKey,
    BadEvent,
    BadSignature,
    DeviceNotFound,
    NotAVisitor,
    SignInAgain,
    TooManyDevices,
)


class Phone:
    """A carer's phone with its own key and clock, as web/static/js/offline.mjs is."""

    def __init__(self, cast: Any, who: str = "carer", ahead: timedelta = timedelta(0)) -> None:
        self.cast, self.who, self.ahead, self.seq = cast, who, ahead, 0
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.id = register(cast, who, self.public)

    def sign(self, body: str) -> Signed:
        r, s = decode_dss_signature(self.key.sign(body.encode(), ec.ECDSA(SHA256())))
        return Signed(body, r.to_bytes(32) + s.to_bytes(32))

    def now(self) -> datetime:
        with self.cast.work("house") as work:
            return work.now + self.ahead

    def event(self, kind: str, visit_id: int, **more: Any) -> Signed:
        self.seq += 1
        facts = {
            "device_id": self.id, "seq": self.seq, "event_key": f"event-{self.seq:04d}", "kind": kind,
            "visit_id": visit_id, "device_at": self.now().isoformat(), **more,
        }  # fmt: skip
        return self.sign(canonical(facts))

    def arrive(self, visit_id: int, **more: Any) -> Signed:
        return self.event("check_in", visit_id, proof="door_plate", secret="demo-door-plate-wang", **more)

    def send(self, *events: Signed, cover: Signed | None = None, who: str | None = None) -> list[Answer]:
        digest = hashlib.sha256("\n".join(one.body for one in events).encode()).hexdigest()
        told = canonical({"device_id": self.id, "digest": digest, "sent_at": self.now().isoformat()})
        with self.cast.work(who or self.who) as work:
            return take_events(work.session, work.now, work.actor, self.id, cover or self.sign(told), list(events))


def register(cast: Any, who: str, public: bytes, minutes_ago: int = 0) -> int:
    from services.people.sign_in import open_session
    from services.unit_of_work import NOBODY, unit_of_work

    with unit_of_work(NOBODY) as work:
        signed_in = open_session(work.session, work.now, cast[who], kind="browser", channel="web").session_id
    cast.advance(minutes=minutes_ago)
    with cast.work(who) as work:
        return register_device(work.session, work.now, replace(work.actor, session_id=signed_in), public, "小陈的手机")


def outcomes(answers: list[Answer]) -> list[tuple[str, str | None]]:
    return [(one.outcome, one.code) for one in answers]


def test_a_phone_is_registered_right_after_sign_in_by_a_visitor_and_can_be_taken_back(cast: Any) -> None:
    phone = Phone(cast)
    assert register(cast, "carer", phone.public) == phone.id  # the same phone again
    with pytest.raises(SignInAgain):
        register(cast, "carer", _fresh_key(), minutes_ago=31)
    with pytest.raises(NotAVisitor):
        register(cast, "officer", _fresh_key())
    for wrong in (b"no key", _fresh_key(ec.SECP384R1())):
        with pytest.raises(BadDeviceKey):
            register(cast, "carer", wrong)
    for _ in range(2):
        register(cast, "carer", _fresh_key())
    with pytest.raises(TooManyDevices):
        register(cast, "carer", _fresh_key())
    for who in ("other_carer", "other_dispatcher", "officer"):
        with pytest.raises(DeviceNotFound), cast.work(who) as work:
            revoke_device(work.session, work.now, work.actor, phone.id)
    with cast.work("dispatcher") as work:
        revoke_device(work.session, work.now, work.actor, phone.id)
        assert len(devices_of(work.session, cast["carer"])) == 3
    with pytest.raises(DeviceNotFound):
        phone.send()


def _fresh_key(curve: Any = None) -> bytes:
    key = ec.generate_private_key(curve or ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_what_was_recorded_offline_counts_once_with_both_times(
    cast: Any, planned: Any, visit_row: Any, promised: Any
) -> None:
    visit_id = planned(minutes=10)
    phone = Phone(cast)
    came = phone.arrive(visit_id, lon="118.7844", lat="32.0488", accuracy_m="20")
    cast.advance(minutes=85)
    left = phone.event("check_out", visit_id, tasks=[], risks=["wound"], note="手上破了皮", pulse_per_minute="76")
    cast.advance(hours=6)
    first = phone.send(came, left)
    assert outcomes(first) == [("recorded", None), ("recorded", None)]
    for _ in range(5):
        again = phone.send(left, came)
        assert outcomes(again) == [("recorded", None), ("recorded", None)] and all(one.replayed for one in again)
    row = visit_row(visit_id)
    assert row.state == "finished" and (row.checked_out_at - row.checked_in_at) // timedelta(minutes=1) == 85
    assert row.check_in_recorded_at - row.checked_in_at >= timedelta(hours=7)
    assert row.check_in_facts["signed_by_device"] == phone.id and row.risks == ["wound"]
    assert len(promised("orders.mark_in_service")) == len(promised("visits.raise_alerts")) == 1
    with cast.work("house") as work:
        kept = work.session.connection().execute(
            text("SELECT device_at, received_at, body_sealed FROM device_event ORDER BY seq")
        ).all()  # fmt: skip
    assert len(kept) == 2 and kept[0].received_at - kept[0].device_at > timedelta(hours=7)
    assert "demo-door-plate" not in kept[0].body_sealed


def test_nothing_counts_that_this_phone_did_not_sign(cast: Any, planned: Any, visit_row: Any) -> None:
    visit_id = planned(minutes=10)
    phone, other = Phone(cast), Phone(cast, "other_carer")
    came = phone.arrive(visit_id)
    earlier = replace(came, body=came.body.replace('"device_at":"2026', '"device_at":"2025'))
    broken = replace(came, signature=bytes(64))
    short = replace(came, signature=came.signature[:40])
    spaced = phone.sign(came.body.replace(",", ", ", 1))
    theirs = other.sign(came.body)
    for wrong, code in (
        (earlier, "BadSignature"), (broken, "BadSignature"), (short, "BadSignature"), (theirs, "BadSignature"),
        (spaced, "BadEvent"), (phone.sign("{}"), "BadSignature"), (phone.sign("nonsense"), "BadEvent"),
        (other.arrive(visit_id), "BadSignature"),
    ):  # fmt: skip
        assert outcomes(phone.send(wrong)) == [("refused", code)]
    for odd in ({"lat": "95"}, {"lon": "nan"}, {"seq": 0}, {"device_at": "2026-11-24T10:00:00"}, {"note": 3}):
        assert outcomes(phone.send(phone.arrive(visit_id, **odd)))[0] == ("refused", "BadEvent")
    with pytest.raises(BadSignature):
        phone.send(came, cover=other.sign(canonical({"device_id": phone.id})))
    with pytest.raises(BadSignature):  # a cover of other events
        phone.send(came, cover=phone.sign(canonical({"device_id": phone.id, "digest": "", "sent_at": "x"})))
    with pytest.raises(DeviceNotFound):
        phone.send(came, who="other_carer")
    with pytest.raises(BadEvent):
        digest = hashlib.sha256(came.body.encode()).hexdigest()
        phone.send(came, cover=phone.sign(canonical({"device_id": phone.id, "digest": digest, "sent_at": "soon"})))
    assert visit_row(visit_id).state == "planned"
    assert outcomes(phone.send(came)) == [("recorded", None)]


def test_out_of_order_waits_and_after_check_out_nothing_new_counts(cast: Any, planned: Any, visit_row: Any) -> None:
    visit_id = planned(minutes=10)
    phone = Phone(cast)
    came = phone.arrive(visit_id)
    cast.advance(minutes=30)
    left = phone.event("check_out", visit_id, tasks=[])
    assert outcomes(phone.send(left)) == [("later", "NotCheckedIn")]
    assert outcomes(phone.send(left, came)) == [("recorded", None), ("recorded", None)]  # by its own numbers
    cast.advance(minutes=10)
    assert outcomes(phone.send(phone.arrive(visit_id))) == [("refused", "AlreadyCheckedIn")]
    twin = phone.event("check_out", visit_id, tasks=[])
    assert outcomes(phone.send(twin)) == [("refused", "AlreadyCheckedOut")]
    phone.seq = 0
    assert outcomes(phone.send(phone.arrive(visit_id))) == [("refused", "NumberTaken")]
    again = phone.send(came)
    assert again[0].replayed and visit_row(visit_id).check_in_facts["event_key"] == "event-0001"


def test_a_clock_that_is_wrong_is_corrected_and_one_set_back_is_noted(cast: Any, planned: Any, visit_row: Any) -> None:
    visit_id = planned(minutes=10)
    phone = Phone(cast, ahead=timedelta(hours=3))
    came = phone.arrive(visit_id)
    true = phone.now() - timedelta(hours=3)
    cast.advance(minutes=40)
    phone.ahead = timedelta(hours=1)  # set back by two hours before it leaves
    left = phone.event("check_out", visit_id, tasks=[])
    phone.ahead = timedelta(hours=3)
    assert outcomes(phone.send(came)) == [("recorded", None)]
    row = visit_row(visit_id)
    assert abs(row.checked_in_at - true) < timedelta(minutes=1) and row.check_in_facts["doubts"] == ["clock_skew"]
    phone.ahead = timedelta(hours=1)
    assert outcomes(phone.send(left)) == [("recorded", None)]
    assert "clock_back" in visit_row(visit_id).check_out_facts["doubts"]


def test_a_wrong_code_is_counted_once_however_often_it_is_sent(cast: Any, planned: Any, visit_row: Any) -> None:
    visit_id = planned(minutes=10)
    phone = Phone(cast)
    wrong = phone.event("check_in", visit_id, proof="elder_code", secret="no")
    for _ in range(4):
        assert outcomes(phone.send(wrong)) == [("refused", "WrongElderCode")]
    assert visit_row(visit_id).code_tries == 1
    left = phone.event("check_out", visit_id, tasks=[])
    assert outcomes(phone.send(left)) == [("refused", "NotCheckedIn")]  # its arrival was refused for good


def test_the_house_seals_what_a_phone_sent_anew_and_changes_nothing_else(cast: Any, planned: Any) -> None:
    visit_id = planned(minutes=10)
    phone = Phone(cast)
    phone.send(phone.arrive(visit_id, lon="118.7844", lat="32.0488", accuracy_m="20"))
    with cast.work("house") as work:
        anew = "UPDATE device_event SET body_sealed = body_sealed || ''"
        assert work.session.connection().execute(text(anew)).rowcount == 1
    for who, change in (("house", "seq = seq + 1"), ("carer", "body_sealed = body_sealed || ''")):
        with pytest.raises(ProgrammingError), cast.work(who) as work:
            work.session.connection().execute(text(f"UPDATE device_event SET {change}"))
