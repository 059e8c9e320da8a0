"""What stands behind a visit: the six facts, exceptions somebody else decides, calls, risks, photos, doubts."""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
import zlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from services.people.attachments import read_attachment
from services.visits.actions import DoorProof, check_in, check_out
from services.visits.alerts import alerts, close_alert, pass_on
from services.visits.errors import (
    AlertClosed,
    AlertNotFound,
    AlreadyDecided,
    BadVitals,
    CallNeedsCode,
    CallNotMatched,
    CallNotSigned,
    NoPhotosHere,
    NotASupervisor,
    NotForReview,
    NotToldWhy,
    PhotoRefused,
    UnknownReason,
    UnknownRisk,
    VisitNotFound,
    WrongElderCode,
    YourOwnWord,
)
from services.visits.evidence import evidence_of
from services.visits.exceptions import decide_exception, exceptions_of, raise_exception
from services.visits.judging import judge_visit, note_look, visits_to_look_at
from services.visits.phone_in import call_from, hear_call, read_notice, record_call
from services.visits.photos import add_photo, say_photos
from services.visits.queries import read_visit_code
from services.visits.records import DeviceFacts
from services.visits.supervising import check_out_for
from services.visits.vitals import Vitals

PLATE = DoorProof("door_plate", "demo-door-plate-wang")
WANGS_PHONE, CARERS_PHONE = "19900000001", "13900009999"


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


PNG = (
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + chunk(b"tEXt", b"Comment\0118.79,32.04") + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"") + b"a film"
)  # fmt: skip


@pytest.fixture
def planned(planned: Any, cast: Any) -> Any:
    """Give the id of a planned visit whose order her carer's provider accepted, so that its dispatcher sees it."""

    def plan(*args: Any, **more: Any) -> int:
        visit_id = planned(*args, **more)
        with cast.work("house") as work:
            work.session.connection().execute(text(
                "INSERT INTO offer (order_id, elder_id, area_code, provider_id, rank, state, offered_at, expires_at, "
                "answered_by, answered_at, reasons) SELECT order_id, elder_id, area_code, :k, 1, 'accepted', now(), now() + "
                "interval '1 hour', :d, now(), '{}' FROM visit WHERE id = :v"
            ), {"k": cast.providers["kangle"], "d": cast["dispatcher"], "v": visit_id})  # fmt: skip
        return int(visit_id)

    return plan


def come(cast: Any, visit_id: int, **device: Any) -> None:
    with cast.work("carer") as work:
        check_in(
            work.session, work.now, work.actor, visit_id, proof=PLATE, happened_at=work.now,
            device=DeviceFacts(**device),
        )  # fmt: skip


def go(cast: Any, visit_id: int, **more: Any) -> None:
    with cast.work("carer") as work:
        check_out(
            work.session, work.now, work.actor, visit_id, tasks_done=[], note=None, happened_at=work.now,
            device=DeviceFacts(), **more,
        )  # fmt: skip


def done(cast: Any, planned: Any, minutes: int = 90, **more: Any) -> int:
    visit_id = planned()
    come(cast, visit_id, lon=118.7844, lat=32.0488, accuracy_m=20.0, sent_at=None)
    cast.advance(minutes=minutes)
    go(cast, visit_id, **more)
    return int(visit_id)


def seen(cast: Any, visit_id: int, who: str = "officer") -> Any:
    with cast.work(who) as work:
        return evidence_of(work.session, work.now, work.actor, visit_id)


@pytest.mark.mission("HB-26")
def test_the_six_facts_stand_with_their_sources_and_the_database_holds_them(cast: Any, planned: Any) -> None:
    visit_id = done(cast, planned, vitals=Vitals(systolic_mmhg=148, diastolic_mmhg=86, temperature_c=36.5))
    found = seen(cast, visit_id)
    facts = {one.code: one for one in found.facts}
    assert list(facts) == ["service", "receiver", "giver", "date", "place", "start", "end"]
    assert (facts["service"].value, facts["service"].source) == ("home_bath", "order")
    assert (facts["receiver"].value, facts["receiver"].source) == ("王秀兰", "door_plate")
    assert facts["giver"].source == "signed_in" and facts["place"].detail["distance_m"] < 20
    assert facts["start"].device_at is not None and facts["start"].recorded_at is not None
    assert found.verified and found.vitals.systolic_mmhg == 148
    assert seen(cast, visit_id, "dispatcher").vitals is None  # health is not for the provider
    with pytest.raises(VisitNotFound):
        seen(cast, visit_id, "outsider")
    for change in (
        "checked_in_at = checked_in_at - interval '1 hour'",
        "check_in_proof = 'phone_in'",
        "risks = '{fall}'",
    ):
        with pytest.raises(IntegrityError), cast.work("house") as work:
            work.session.connection().execute(text(f"UPDATE visit SET {change} WHERE id = {visit_id}"))
    with cast.work("house") as work:
        forgotten = "check_in_facts = check_in_facts - 'lon' - 'lat'"  # a position may be forgotten, not moved
        work.session.connection().execute(text(f"UPDATE visit SET {forgotten}"))
        sealed = work.session.connection().execute(text("SELECT vitals_sealed FROM visit")).scalar_one()
    assert "148" not in sealed


def test_a_slip_of_the_finger_is_refused_and_an_unknown_risk_too(cast: Any, planned: Any) -> None:
    visit_id = planned()
    come(cast, visit_id)
    for wrong in (Vitals(systolic_mmhg=1480), Vitals(systolic_mmhg=80, diastolic_mmhg=120)):
        with pytest.raises(BadVitals):
            go(cast, visit_id, vitals=wrong)
    with pytest.raises(UnknownRisk):
        go(cast, visit_id, risks=["aliens"])


def test_an_exception_is_decided_by_somebody_else_once_and_with_words(cast: Any, planned: Any) -> None:
    visit_id = planned()
    come(cast, visit_id)
    cast.advance(minutes=80)
    with pytest.raises(UnknownReason), cast.work("dispatcher") as work:
        check_out_for(
            work.session,
            work.now,
            work.actor,
            visit_id,
            happened_at=work.now,
            reason="tired",
            note="电话核实",
            tasks_done=[],
        )
    with cast.work("dispatcher") as work:
        check_out_for(
            work.session, work.now, work.actor, visit_id, happened_at=work.now, reason="phone_dead", note="打老人座机核实",
            tasks_done=[],
        )  # fmt: skip
    with cast.work("carer") as work:
        raise_exception(work.session, work.now, work.actor, visit_id, "place", "elsewhere", "陪去医院做的")
    found = seen(cast, visit_id)
    assert [one.fact for one in found.exceptions] == ["check_out", "place"] and not found.verified
    first, second = (one.id for one in found.exceptions)

    def decide(who: str, which: int, note: str = "问过老人，属实") -> None:
        with cast.work(who) as work:
            decide_exception(work.session, work.now, work.actor, which, "accepted", note)

    for who, which, refusal in (
        ("carer", second, NotASupervisor), ("dispatcher", first, YourOwnWord), ("daughter", first, NotASupervisor),
        ("operator", first, NotASupervisor),
    ):  # fmt: skip
        with pytest.raises(refusal):
            decide(who, which)
    with pytest.raises(NotToldWhy):
        decide("officer", first, " ")
    decide("officer", first)
    decide("dispatcher", second)
    with pytest.raises(AlreadyDecided):
        decide("officer", first)
    assert seen(cast, visit_id).verified
    with cast.work("house") as work:
        rows = exceptions_of(work.session, visit_id)
        assert {row.visitor_id for row in rows} == {cast["carer"]}


def test_typed_sql_cannot_let_the_visitor_decide_nor_change_what_was_said(cast: Any, planned: Any) -> None:
    visit_id = planned()
    come(cast, visit_id)
    with cast.work("carer") as work:
        raise_exception(work.session, work.now, work.actor, visit_id, "time", "clock_wrong", "手机快了一小时")
    decided = "decision = 'accepted', decision_note = 'ok', decided_at = now(), decided_by = {}"
    for who in ("carer", "dispatcher"):
        raised = {"carer": IntegrityError, "dispatcher": None}[who]
        change = text(f"UPDATE visit_exception SET {decided.format(cast[who])}")
        if raised is None:
            with cast.work("house") as work:
                work.session.connection().execute(change)
        else:
            with pytest.raises(raised), cast.work("house") as work:
                work.session.connection().execute(change)
    for change in ("note = 'x'", "decision = 'refused'"):
        with pytest.raises(IntegrityError), cast.work("house") as work:
            work.session.connection().execute(text(f"UPDATE visit_exception SET {change}"))


def call(
    cast: Any, visit_id: int, number: str, direction: Any = "in", code: str = "", who: str = "operator", key: str = "c1"
) -> Any:
    with cast.work(who) as work:
        told = call_from(number, key, direction, work.now, code)
        return record_call(work.session, work.now, work.actor, visit_id, told)


@pytest.mark.mission("HB-15")
def test_a_call_from_the_elders_own_telephone_checks_in_and_out(cast: Any, planned: Any, visit_row: Any) -> None:
    visit_id = planned()
    with pytest.raises(CallNotMatched):
        call(cast, visit_id, "13911112222")
    assert call(cast, visit_id, WANGS_PHONE) is None
    assert call(cast, visit_id, WANGS_PHONE) is None  # reported twice, one effect
    assert (visit_row(visit_id).state, visit_row(visit_id).check_in_proof) == ("started", "phone_in")
    cast.advance(minutes=60)
    assert call(cast, visit_id, WANGS_PHONE, "out", key="c2") is None
    found = seen(cast, visit_id)
    assert found.visit.state == "finished" and [one.matched for one in found.calls] == ["elder", "elder"]
    assert {one.code: one for one in found.facts}["place"].detail["caller"] == "elder"


def test_from_her_own_telephone_a_carer_needs_the_elders_digits(cast: Any, planned: Any, visit_row: Any) -> None:
    visit_id = planned()
    with cast.work("house") as work:
        from services.people.privacy import lookup_hash

        work.session.connection().execute(
            text("UPDATE person SET phone_hash = :h WHERE id = :p"),
            {"h": lookup_hash("phone", CARERS_PHONE), "p": cast["carer"]},
        )
    with pytest.raises(CallNeedsCode):
        call(cast, visit_id, CARERS_PHONE)
    with cast.work("wang") as work:
        code = read_visit_code(work.session, work.now, work.actor, visit_id)
    wrong = f"{(int(code) + 1) % 10000:04d}"
    assert isinstance(call(cast, visit_id, CARERS_PHONE, code=wrong), WrongElderCode)
    assert visit_row(visit_id).code_tries == 1
    assert call(cast, visit_id, CARERS_PHONE, code=code, key="c3") is None
    assert visit_row(visit_id).check_in_proof == "phone_in"


def test_the_exchange_is_believed_by_its_signature_and_a_call_that_fits_nothing_is_kept_as_such(
    cast: Any, planned: Any, visit_row: Any, override_settings: Any
) -> None:
    visit_id = planned()
    override_settings(phone_in_key="shared-with-the-exchange")
    with cast.work("house") as work:
        told = {"caller": WANGS_PHONE, "call_key": "x1", "direction": "in", "happened_at": work.now.isoformat()}
    payload = json.dumps(told).encode()
    good = hmac.new(b"shared-with-the-exchange", payload, hashlib.sha256).hexdigest()
    with pytest.raises(CallNotSigned):
        read_notice(payload + b" ", good)
    args = read_notice(payload, good)
    assert WANGS_PHONE not in json.dumps(args)
    from workers.jobs.visits import take_call

    for _ in range(5):
        with cast.work("house") as work:
            take_call(work, **args)
    assert visit_row(visit_id).state == "started"
    with cast.work("house") as work:
        assert hear_call(work.session, work.now, call_from("13911112222", "x2", "in", work.now)) == "CallFitsNoVisit"
        again = hear_call(work.session, work.now, call_from(WANGS_PHONE, "x3", "in", work.now))
        assert again == "CallFitsNoVisit"  # it has begun already
        kept = work.session.connection().execute(text("SELECT outcome FROM visit_call ORDER BY id")).scalars().all()
    assert kept == ["recorded", "CallFitsNoVisit", "CallFitsNoVisit"]


def test_a_risk_goes_at_once_to_a_named_person_with_a_clock_until_she_says_what_was_done(
    cast: Any, planned: Any, promised: Any
) -> None:
    visit_id = done(cast, planned, risks=["fall", "no_food", "fall"])
    cast.run_jobs(only="visits.raise_alerts")
    with cast.work("advisor") as work:
        mine = alerts(work.session)
    assert [(one.risk_code, one.step) for one in mine] == [("fall", 1), ("no_food", 1)]
    fall = mine[0]
    assert fall.in_charge_id == cast["advisor"] and fall.due_at - fall.opened_at == timedelta(minutes=15)
    told = [args for args in promised("messages.deliver") if args["template"] == "visits.risk"]
    assert len(told) == 2 and told[0]["recipient_ids"] == [cast["advisor"]]
    with cast.work("house") as work:
        assert pass_on(work.session, work.now, fall.id, 1) is None  # not due yet
    cast.advance(minutes=16)
    cast.run_jobs(only="visits.pass_on_alert")
    with cast.work("officer") as work:
        assert next(one for one in alerts(work.session) if one.id == fall.id).in_charge_id == cast["officer"]
    for who, refusal in (("carer", AlertNotFound), ("daughter", AlertNotFound)):
        with pytest.raises(refusal), cast.work(who) as work:
            close_alert(work.session, work.now, work.actor, fall.id, "去看过了")
    with pytest.raises(NotToldWhy), cast.work("advisor") as work:
        close_alert(work.session, work.now, work.actor, fall.id, "")
    with cast.work("advisor") as work:
        close_alert(work.session, work.now, work.actor, fall.id, "陪去医院拍片，没有骨折")
    with pytest.raises(AlertClosed), cast.work("advisor") as work:
        close_alert(work.session, work.now, work.actor, fall.id, "再说一次")
    cast.advance(hours=20)
    cast.run_jobs(only="visits.pass_on_alert")
    assert seen(cast, visit_id).alerts[0].done == "陪去医院拍片，没有骨折"
    with cast.work("officer") as work:
        still = alerts(work.session)
    assert [one.risk_code for one in still] == ["no_food"] and still[0].step == 2
    assert still[0].in_charge_id == cast["officer"]


def test_photos_are_kept_only_with_consent_without_what_they_tell_and_for_the_right_eyes(
    cast: Any, planned: Any, tmp_path: Any, override_settings: Any
) -> None:
    override_settings(storage_dir=tmp_path)
    visit_id = planned()

    def photograph(content: bytes = PNG, who: str = "carer") -> int:
        with cast.work(who) as work:
            return add_photo(work.session, work.now, work.actor, visit_id, content, "洗澡椅")

    come(cast, visit_id)
    with pytest.raises(NoPhotosHere):
        photograph()
    with cast.work("daughter") as work:
        say_photos(work.session, work.now, work.actor, cast["wang"], True)
    attachment = photograph()
    for wrong in (b"%PDF-1.4", PNG[:40], b"\xff\xd8\xff\xe0", b"x" * (5 * 1024 * 1024 + 1)):
        with pytest.raises(PhotoRefused):
            photograph(wrong)
    with pytest.raises(VisitNotFound):
        photograph(who="other_carer")
    with cast.work("daughter") as work:
        kept = read_attachment(work.session, work.now, work.actor, attachment)
    assert kept.content_type == "image/png" and b"118.79" not in kept.content and b"film" not in kept.content
    for who in ("carer", "dispatcher", "outsider"):
        with cast.work(who) as work:
            assert work.session.connection().execute(text("SELECT count(*) FROM attachment")).scalar_one() == 0
    assert len(seen(cast, visit_id, "carer").photos) == 1
    with cast.work("wang") as work:
        say_photos(work.session, work.now, work.actor, cast["wang"], False)
    with pytest.raises(NoPhotosHere):
        photograph()
    with pytest.raises(IntegrityError), cast.work("house") as work:  # nor by typed SQL
        work.session.connection().execute(text(
            "INSERT INTO visit_photo (visit_id, elder_id, area_code, attachment_id, shows, taken_by, recorded_at) "
            f"SELECT {visit_id}, 1, 1, id + 1, '', uploaded_by, now() FROM attachment"
        ))  # fmt: skip


def test_a_visitor_keeps_no_file_about_an_elder_but_photos_of_her_visit(cast: Any, planned: Any) -> None:
    visit_id = planned()
    insert = text(
        "INSERT INTO attachment (elder_id, area_code, purpose, storage_key, content_type, size_bytes, sha256, uploaded_by, uploaded_at)"
        " SELECT elder_id, area_code, :purpose, :purpose, 'image/png', 1, 'x', visitor_id, now() FROM visit WHERE id = :v"
    )
    for purpose, started in (("photo", False), ("consent", True)):
        if started:
            come(cast, visit_id)
        with pytest.raises(ProgrammingError), cast.work("carer") as work:
            work.session.connection().execute(insert, {"purpose": purpose, "v": visit_id})


def test_doubts_are_counted_by_the_formula_and_listed_for_supervisors_never_decided(cast: Any, planned: Any) -> None:
    visit_id = planned()
    come(cast, visit_id, lon=118.9, lat=32.2, accuracy_m=30.0, sent_at=None)
    cast.advance(minutes=5)
    go(cast, visit_id)
    cast.run_jobs(only="visits.judge")
    found = seen(cast, visit_id)
    assert [one["code"] for one in found.doubt.reasons] == ["short", "far_from_home"] and found.doubt.points == 55
    assert found.verified  # a hint, never a verdict
    with cast.work("officer") as work:
        listed, seed = visits_to_look_at(
            work.session, work.actor, work.actor.area_lo, work.actor.area_hi, work.now.date()
        )
        assert [(one.visit.visit_id, one.drawn) for one in listed] == [(visit_id, False)] and seed.endswith("/1")
        note_look(work.session, work.now, work.actor, visit_id, "打电话问过，老人在女儿家洗的")
    with cast.work("house") as work:
        assert judge_visit(work.session, work.now, visit_id) == 55
    assert seen(cast, visit_id).doubt.looked_by == cast["officer"]
    assert seen(cast, visit_id, "carer").doubt is None
    with pytest.raises(NotForReview), cast.work("dispatcher") as work:
        visits_to_look_at(work.session, work.actor, 0, 10**15, work.now.date())
    with pytest.raises(ProgrammingError), cast.work("house") as work:
        work.session.connection().execute(text("UPDATE plausibility_formula SET weights = '{}'"))
