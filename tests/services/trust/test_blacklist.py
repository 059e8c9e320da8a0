"""The blacklist stops new offers and promises at once, also in SQL; what runs waits for a person's decision."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from yl_quarter import Quarter

from services.clock import civil_date
from services.directory import appeals, blacklist
from services.directory.trust_errors import AlreadyBlacklisted, EntryLifted, NotForTrust, ReasonAndEvidenceNeeded
from services.dispatch import barred
from services.dispatch.actions import assign_carer
from services.dispatch.errors import CarerBarred, DecidedBefore, ProviderOnBlacklist
from services.dispatch.queries import carers_free
from services.matching.actions import accept_offer
from services.matching.errors import ProviderBlocked
from services.matching.queries import match


def enter(quarter: Quarter, who: str = "zhao", **more: object) -> int:
    new = {"reason": "虚报服务记录", "evidence": "双随机检查第12号", "provider_id": quarter.providers["kangle"], **more}
    with quarter.work(who) as work:
        return blacklist.enter_blacklist(work.session, work.now, work.actor, blacklist.NewEntry(**new))  # type: ignore[arg-type]


def left_out(quarter: Quarter) -> dict[int, str]:
    with quarter.work("daughter") as work:
        found = match(
            work.session, work.now, work.actor, quarter["wang"], "home_bath", quarter.thursday(9), quarter.thursday(11)
        )
    return {one.provider_id: one.code for one in found.left_out}


@pytest.mark.mission("DY-42")
def test_from_the_entrys_own_moment_nothing_new_goes_there(quarter: Quarter) -> None:
    kangle = quarter.providers["kangle"]
    open_order = quarter.place(chosen_provider_id=kangle).order_id
    quarter.run_jobs(only="matching.offer_next")
    offer = quarter.offer(open_order)
    accepted = quarter.accepted(starts_at=quarter.thursday(13), ends_at=quarter.thursday(15)).order_id
    entry = enter(quarter)
    with quarter.refused(ProviderBlocked), quarter.work("kangle_dispatcher") as work:
        accept_offer(work.session, work.now, work.actor, offer)
    with pytest.raises(IntegrityError, match="blacklisted") as caught:
        quarter.assign(accepted)
    from api.errors import domain_error_of

    assert isinstance(domain_error_of(caught.value), ProviderOnBlacklist)
    assert left_out(quarter)[kangle] == "blocked"
    typed = (
        "INSERT INTO offer (order_id, elder_id, area_code, provider_id, rank, state, offered_at, expires_at, reasons, round)"
        " SELECT id, elder_id, area_code, :p, 9, 'open', now() - interval '9 years', now(), '{}', 7 FROM care_order WHERE id = :o"
    )
    with pytest.raises(IntegrityError, match="blacklisted"):
        quarter.change(typed, p=kangle, o=open_order)
    with pytest.raises(IntegrityError, match="blacklisted"):
        quarter.change(
            "UPDATE offer SET state = 'accepted', answered_at = now(), answered_by = elder_id WHERE id = :f", f=offer
        )
    with pytest.raises(IntegrityError, match="blacklisted"):
        quarter.change("UPDATE care_order SET provider_id = :p WHERE id = :o", p=kangle, o=open_order)
    quarter.run_jobs(only="dispatch.blacklisted")
    assert quarter.one("SELECT state FROM offer WHERE id = :f", f=offer) == "withdrawn"
    next_one = quarter.one("SELECT provider_id FROM offer WHERE order_id = :o AND state = 'open'", o=open_order)
    assert next_one == quarter.providers["ankang"], "the elder waits for nobody"
    with quarter.work("wu") as work:
        shown = blacklist.public_blacklist(work.session)
        assert [(one.provider_name, one.reason) for one in shown] == [("康乐居家养老服务中心", "虚报服务记录")]
        assert work.session.connection().execute(text("SELECT count(*) FROM blacklist_entry")).scalar() == 0
    with quarter.work("zhao") as work:
        blacklist.lift_blacklisting(work.session, work.now, work.actor, entry, "整改完成")
    assert kangle not in left_out(quarter)
    with quarter.refused(EntryLifted), quarter.work("zhao") as work:
        blacklist.lift_blacklisting(work.session, work.now, work.actor, entry, "再来")


def test_an_offer_and_an_entry_at_the_same_moment_wait_for_each_other(quarter: Quarter) -> None:
    order = quarter.place(chosen_provider_id=quarter.providers["kangle"]).order_id
    typed = text(
        "INSERT INTO offer (order_id, elder_id, area_code, provider_id, rank, state, offered_at, expires_at, reasons, round)"
        " SELECT id, elder_id, area_code, :p, 9, 'open', now(), now() + interval '1 hour', '{}', 7 FROM care_order WHERE id = :o"
    )
    outcome: list[str] = []

    def offer() -> None:
        try:
            with quarter.database.session("jobs") as session, session.begin():
                session.connection().execute(typed, {"p": quarter.providers["kangle"], "o": order})
                outcome.append("offered")
        except IntegrityError:
            outcome.append("refused")

    with quarter.work("zhao") as work:
        new = blacklist.NewEntry("虚报", "检查", provider_id=quarter.providers["kangle"])
        blacklist.enter_blacklist(work.session, work.now, work.actor, new)
        thread = threading.Thread(target=offer)
        thread.start()
        thread.join(timeout=0.4)
        assert thread.is_alive() and not outcome, "it waits for the entry that is being written"
    thread.join(timeout=20)
    assert outcome == ["refused"]


@pytest.mark.mission("NG-22")
def test_running_visits_are_kept_moved_or_ended_as_a_person_decides(quarter: Quarter) -> None:
    quarter.change("UPDATE service_line SET slot_capacity = 9")
    kept, moved, ended = (
        quarter.accepted(starts_at=quarter.thursday(hour), ends_at=quarter.thursday(hour + 2), even_if_ordered=True).order_id
        for hour in (8, 11, 14)
    )  # fmt: skip
    for order in (kept, moved, ended):
        quarter.assign(order)
    entry = enter(quarter)
    quarter.run_jobs(only="dispatch.blacklisted")
    quarter.run_jobs(only="dispatch.blacklisted")
    with quarter.work("zhao") as work:
        waiting = {one.order_id: one for one in barred.visits_to_decide(work.session, entry_id=entry)}
    assert set(waiting) == {kept, moved, ended} and waiting[kept].carer_name == "陈芳"
    for order, decision in ((kept, "keep"), (moved, "reassign"), (ended, "cancel")):
        with quarter.work("zhao") as work:
            barred.decide_visit(work.session, work.now, work.actor, waiting[order].id, decision, "看过了")  # type: ignore[arg-type]
    with quarter.refused(DecidedBefore), quarter.work("zhao") as work:
        barred.decide_visit(work.session, work.now, work.actor, waiting[kept].id, "cancel", "")
    quarter.run_jobs(only="dispatch.barred_decided")
    states = [quarter.one("SELECT state FROM care_order WHERE id = :o", o=order) for order in (kept, moved, ended)]
    assert states == ["assigned", "offering", "cancelled"]
    assert quarter.all("SELECT outcome FROM blacklist_visit ORDER BY starts_at") == ["kept", "passed_on", "cancelled"]
    assert quarter.one("SELECT decided_by FROM blacklist_visit LIMIT 1") == quarter["zhao"]
    with quarter.work("kangle_dispatcher") as work:
        assert barred.visits_to_decide(work.session) == [], "not the provider's to decide"


def test_one_member_of_the_staff_is_sent_to_nobody_and_a_colleague_comes(quarter: Quarter) -> None:
    order = quarter.accepted().order_id
    quarter.assign(order)
    other = quarter.accepted(starts_at=quarter.thursday(13), ends_at=quarter.thursday(15)).order_id
    enter(quarter, provider_id=None, carer_id=quarter["chen"])
    with quarter.refused(CarerBarred), quarter.work("kangle_dispatcher") as work:
        assign_carer(work.session, work.now, work.actor, other, quarter["chen"])
    typed = (
        "INSERT INTO assignment (order_id, elder_id, area_code, carer_id, provider_id, during, state, assigned_at) SELECT id,"
        " elder_id, area_code, :c, provider_id, tstzrange(starts_at, ends_at), 'planned', now() FROM care_order WHERE id = :o"
    )
    with pytest.raises(IntegrityError, match="blacklisted"):
        quarter.change(typed, c=quarter["chen"], o=other)
    with quarter.work("kangle_dispatcher") as work:
        window = (quarter.thursday(13), quarter.thursday(15))
        free = carers_free(work.session, quarter.providers["kangle"], window, ["bathing"])
    assert [one.display_name for one in free] == ["刘英"]
    quarter.run_jobs(only="dispatch.blacklisted")
    with quarter.work("zhao") as work:
        (listed,) = barred.visits_to_decide(work.session)
        barred.decide_visit(work.session, work.now, work.actor, listed.id, "reassign", "")
    quarter.run_jobs(only="dispatch.barred_decided")
    assert quarter.one("SELECT outcome FROM blacklist_visit") == "replaced"
    query = "SELECT carer_id FROM assignment WHERE order_id = :o AND state = 'planned'"
    assert quarter.one(query, o=order) == quarter["liu"]


def test_only_an_officer_of_the_area_with_a_reason_and_once(quarter: Quarter) -> None:
    for who in ("zhou", "kangle_dispatcher", "wu"):
        with quarter.refused(NotForTrust):
            enter(quarter, who)
    with quarter.refused(ReasonAndEvidenceNeeded):
        enter(quarter, evidence=" ")
    enter(quarter)
    with quarter.refused(AlreadyBlacklisted):
        enter(quarter)


def test_an_entry_ends_on_its_day_and_an_appeal_lifts_it_before(quarter: Quarter) -> None:
    with quarter.work("house") as work:
        until = civil_date(work.now) + timedelta(days=10)
    enter(quarter, until_on=until)
    quarter.advance(days=9)
    assert quarter.run_jobs(only="directory.end_blacklisting") == []
    quarter.advance(days=1, hours=1)
    quarter.run_jobs(only="directory.end_blacklisting")
    assert quarter.one("SELECT lift_reason FROM blacklist_entry") == "期满"
    assert quarter.one("SELECT blocked_at FROM provider WHERE code = 'kangle'") is None
    again = enter(quarter)
    with quarter.work("kangle_dispatcher") as work:
        filed = appeals.appeal_entry(work.session, work.now, work.actor, again, "检查的不是我们")
    with quarter.work("zhao") as work:
        appeals.decide_appeal(work.session, work.now, work.actor, filed, "granted", "确实弄错了")
    assert quarter.one("SELECT lifted_by FROM blacklist_entry ORDER BY id DESC LIMIT 1") == quarter["zhao"]
    assert quarter.providers["kangle"] not in left_out(quarter)
