"""Personnel files: what a certificate proves on the day decides who is sent, in matching, dispatch and in SQL."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from yl_quarter import Quarter

from services.directory import personnel
from services.directory.trust_errors import (
    CertificateIncomplete,
    CertificateWithdrawn,
    NotYourStaff,
    UnknownCarer,
    UnknownCertificate,
)
from services.dispatch.actions import assign_carer
from services.dispatch.errors import CertificateExpired
from services.matching.queries import match

PAPER = personnel.NewCertificate(
    "养老护理员证", "NJ-2024-001", "南京市人社局", date(2024, 1, 1), date(2090, 1, 1), ("bathing",)
)
AID = personnel.NewCertificate("急救证", "RC-9", "红十字会", date(2024, 1, 1), date(2090, 1, 1), ("first_aid",))


def keep(quarter: Quarter, carer: str, new: personnel.NewCertificate, who: str = "kangle_dispatcher", scan: bytes | None = None) -> int:  # fmt: skip
    with quarter.work(who) as work:
        return personnel.record_certificate(work.session, work.now, work.actor, quarter[carer], new, scan)


def skilled(quarter: Quarter) -> int:
    return int(
        quarter.one(
            "SELECT skilled FROM provider_facts(ARRAY[:p]::bigint[], 'home_bath', '{bathing,first_aid}', :d,"
            " tstzrange(now(), now() + interval '1 hour'), now(), NULL, NULL, '{}')",
            p=quarter.providers["kangle"],
            d=quarter.thursday(9).date(),
        )  # fmt: skip
    )


@pytest.mark.mission("DY-39")
def test_the_file_decides_skill_by_skill_who_can_be_sent(quarter: Quarter) -> None:
    order = quarter.accepted().order_id
    assert skilled(quarter) == 2
    first = keep(quarter, "chen", PAPER)
    assert skilled(quarter) == 2, "the register's own certificate became a row beside it"
    with quarter.work("kangle_dispatcher") as work:
        file = personnel.personnel_file(work.session, quarter["chen"], quarter.thursday(9).date())
        register = next(one for one in file.certificates if one.id != first)
        personnel.withdraw_certificate(work.session, work.now, work.actor, register.id, "没有原件")
    assert skilled(quarter) == 1, "first aid is proved by nothing now"
    with quarter.refused(CertificateExpired), quarter.work("kangle_dispatcher") as work:
        assign_carer(work.session, work.now, work.actor, order, quarter["chen"])
    typed = (
        "INSERT INTO assignment (order_id, elder_id, area_code, carer_id, provider_id, during, state, assigned_at) SELECT id,"
        " elder_id, area_code, :c, provider_id, tstzrange(starts_at, ends_at), 'planned', now() FROM care_order WHERE id = :o"
    )
    with pytest.raises(IntegrityError, match="holds no valid certificate"):
        quarter.change(typed, c=quarter["chen"], o=order)
    with pytest.raises(IntegrityError, match="holds no valid certificate"):
        quarter.change(typed, c=quarter["old"], o=order)
    with quarter.work("kangle_dispatcher") as work:
        file = personnel.personnel_file(work.session, quarter["chen"], quarter.thursday(9).date())
    assert set(file.unproved) == {"first_aid", "cleaning"}
    keep(quarter, "chen", AID)
    assert skilled(quarter) == 2
    quarter.assign(order)


def test_a_certificate_that_ends_before_the_day_is_none_on_the_day(quarter: Quarter) -> None:
    order = quarter.accepted().order_id
    day = quarter.thursday(9).date()
    quarter.change("UPDATE carer SET certificate_valid_until = NULL WHERE person_id = :c", c=quarter["old"])
    ends = personnel.NewCertificate("护理证", "X1", "人社局", date(2024, 1, 1), day - timedelta(days=1))
    one = keep(quarter, "old", ends)
    with quarter.refused(CertificateExpired), quarter.work("kangle_dispatcher") as work:
        assign_carer(work.session, work.now, work.actor, order, quarter["old"])
    with quarter.work("kangle_dispatcher") as work:
        personnel.withdraw_certificate(work.session, work.now, work.actor, one, "换新证")
    keep(quarter, "old", personnel.NewCertificate("护理证", "X2", "人社局", date(2024, 1, 1), day))
    quarter.assign(order, "old")
    with quarter.refused(CertificateWithdrawn), quarter.work("kangle_dispatcher") as work:
        personnel.withdraw_certificate(work.session, work.now, work.actor, one, "再撤")


def test_the_citys_standard_demands_more_than_the_house(quarter: Quarter) -> None:
    quarter.change("UPDATE carer SET skills = skills || '{nurse}' WHERE person_id = :c", c=quarter["liu"])
    quarter.change(
        "INSERT INTO service_standard (city_code, code, version, kind, name_zh, name_en, content, content_en, minutes, unit,"
        " required_skills, acceptance, acceptance_en, price_fen, price_ceiling_fen, notice_minutes, cut_off_days, area_codes,"
        " orderable, basic, recipients, recipients_en, provision, provision_en, standard, standard_en, payer, payer_en, during,"
        " source, assumed, reason, published_at) VALUES (320100000000000, 'home_bath', 1, 'bathing', '助浴', '-', '-', '', 90,"
        " 'visit', '{nurse}', '-', '', 10000, 20000, 0, 0, '{}', true, true, '老人', '', '上门', '', '有护士在场', '', '政府', '',"
        " '[2020-01-01,)', 't', false, 't', now())"
    )  # fmt: skip
    with quarter.work("daughter") as work:
        found = match(
            work.session, work.now, work.actor, quarter["wang"], "home_bath", quarter.thursday(9), quarter.thursday(11)
        )
    left = {one.provider_id: one.code for one in found.left_out}
    assert left[quarter.providers["ankang"]] == "no_carer_with_the_skill"
    order = quarter.accepted().order_id
    with pytest.raises(Exception, match="nurse|CarerLacksSkill"):
        quarter.assign(order, "chen")
    quarter.assign(order, "liu")


def test_who_keeps_and_who_reads_a_file(quarter: Quarter) -> None:
    for who, error in (("ankang_dispatcher", UnknownCarer), ("zhao", NotYourStaff), ("chen", NotYourStaff)):
        with quarter.refused(error):
            keep(quarter, "chen", PAPER, who)
    for wrong in (
        personnel.NewCertificate(" ", "1", "x", date(2024, 1, 1), date(2025, 1, 1)),
        personnel.NewCertificate("a", "1", "x", date(2026, 1, 1), date(2025, 1, 1)),
        personnel.NewCertificate("a", "1", "x", date(2024, 1, 1), date(2025, 1, 1), ("surgery",)),
    ):
        with quarter.refused(CertificateIncomplete):
            keep(quarter, "chen", wrong)
    scan = b"%PDF-1.4 certificate"
    one = keep(quarter, "chen", PAPER, scan=scan)
    for who in ("kangle_second", "chen", "zhao"):
        with quarter.work(who) as work:
            assert personnel.read_scan(work.session, work.now, work.actor, one).content == scan
    with quarter.refused(UnknownCertificate), quarter.work("daughter") as work:
        personnel.read_scan(work.session, work.now, work.actor, one)
    assert quarter.all("SELECT verb FROM act WHERE verb = 'read_scan'") == ["read_scan"] * 3
    with quarter.work("kangle_dispatcher") as work:
        personnel.record_training(
            work.session, work.now, work.actor, quarter["chen"], "失智照护", "民政局", date(2024, 5, 1), 480
        )
        assert len(personnel.personnel_of(work.session, quarter.providers["kangle"], date(2026, 1, 1))) == 4


def test_the_provider_is_warned_once_thirty_days_before(quarter: Quarter) -> None:
    with quarter.work("house") as work:
        today = work.now.date()
    keep(
        quarter,
        "chen",
        personnel.NewCertificate("护理证", "Z1", "人社局", date(2024, 1, 1), today + timedelta(days=40)),
    )
    warned = []
    for days in (0, 15, 1):
        quarter.advance(days=days)
        with quarter.work("house") as work:
            warned.append(personnel.warn_certificates(work.session, work.now))
    assert warned[0] == 0 and warned[1] == 1
    quarter.run_jobs(only="messages.deliver")
    texts = quarter.all("SELECT body FROM message WHERE template = 'directory.certificate_ends'")
    assert len(texts) == 2 and all("陈芳" in one for one in texts), "both dispatchers, once"
