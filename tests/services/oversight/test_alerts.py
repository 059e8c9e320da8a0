"""What the house watches becomes one alert in a named person's hands, climbs until taken, and can be tried beforehand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text, update

from services.clock import SHANGHAI, civil_date
from services.columns import table_of
from services.oversight.alert_actions import (
    NewRule,
    acknowledge_alert,
    end_rule,
    resolve_alert,
    try_rule,
    write_rule,
)
from services.oversight.alert_conditions import KINDS, Finding, Judgement, _missing, asked_on, judge
from services.oversight.alert_defaults import DEFAULTS
from services.oversight.alert_errors import AlertNotFound, AlertResolved, BadRule, NoReason, NotYourRule
from services.oversight.alert_queries import alert_rules, alerts, standing_count
from services.oversight.alert_tables import Alert, AlertRule
from services.oversight.alerting import GONE, pass_on, rules_over, settle, watch_city
from services.oversight.watched_dates import WATCHED_DATES, dates_near
from services.oversight.watched_events import WATCHED_EVENTS, events_since
from services.visits.attempts import record_attempt

CITY, STREET = 320100000000000, 320102003000000
HI = 320102003999999
_alert, _rule = table_of(Alert), table_of(AlertRule)


def watch(cast: Any, *kinds: str) -> dict[str, int]:
    with cast.work("house") as work:
        return watch_city(work.session, work.now, CITY, kinds or None)


def rows(cast: Any) -> list[Any]:
    with cast.work("house") as work:
        return list(work.session.connection().execute(select(_alert).order_by(_alert.c.id)))


@pytest.fixture
def promised(cast: Any) -> Any:
    def read(job: str) -> list[dict[str, Any]]:
        with cast.work("house") as work:
            found = work.session.connection().execute(
                text("SELECT args, not_before FROM outbox WHERE job = :job ORDER BY id"), {"job": job}
            )
            return [dict(row.args) | {"not_before": row.not_before} for row in found]

    return read


def silence(cast: Any) -> None:
    with cast.work("officer") as work:
        record_attempt(
            work.session, work.now, work.actor, cast["sun"],
            channel="home", outcome="no_answer", happened_at=work.now, note=None,
        )  # fmt: skip


def own(cast: Any, **more: Any) -> NewRule:
    told = {"event": "no_answer", "days": 1, "at_least": 1}
    given = {"area_code": STREET, "code": "own_silence", "name_zh": "没人应", "kind": "events_many", "condition": told}
    given |= {"ladder": (("advisor", 60), ("officer", 120)), "quiet": False, "severity": "urgent", "repeat_days": 3}
    return NewRule(**given | more)


def write(cast: Any, **more: Any) -> int:
    with cast.work("officer") as work:
        return write_rule(work.session, work.now, work.actor, own(cast, **more))


def move_to_day(cast: Any, day: int) -> None:
    with cast.work("house") as work:
        today = civil_date(work.now)
    first = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    cast.advance(days=(first.replace(day=day) - today).days)


@pytest.mark.mission("TZ-16")
def test_on_day_20_a_named_person_gets_the_list_and_on_day_25_she_is_told_again(cast: Any, promised: Any) -> None:
    move_to_day(cast, 19)
    watch(cast, "visits_unmet")
    assert rows(cast) == []
    cast.advance(days=1)
    assert watch(cast, "visits_unmet")["raised"] >= 1
    assert watch(cast, "visits_unmet") == {"raised": 0, "again": 0, "gone": 0}, "the same day tells once"
    behind = [row for row in rows(cast) if cast["sun"] in row.facts["rows"]]
    (one,) = behind
    assert one.in_charge_id == cast["advisor"] and one.facts["unvisited"] >= 1
    cast.advance(days=5)
    again = watch(cast, "visits_unmet")
    assert (again["raised"], again["again"]) == (0, len(rows(cast)))
    told = [args for args in promised("messages.deliver") if args["template"] == "oversight.alert"]
    assert len([args for args in told if args["subject"] == ["alert", one.id]]) == 2
    for elder in ("sun", "wang"):
        with cast.work("officer") as work:
            record_attempt(
                work.session, work.now, work.actor, cast[elder],
                channel="home", outcome="seen", happened_at=work.now, note=None,
            )  # fmt: skip
    cast.advance(days=1)
    watch(cast, "visits_unmet")
    ended = [row for row in rows(cast) if row.id == one.id]
    assert (ended[0].state, ended[0].resolution) == ("resolved", GONE), "what is gone ends by itself, on any later day"


def test_one_condition_is_one_alert_and_climbs_to_the_officer_until_somebody_takes_it(cast: Any, promised: Any) -> None:
    write(cast)
    silence(cast)
    assert watch(cast, "events_many")["raised"] == 1
    cast.advance(minutes=1)
    silence(cast)
    assert watch(cast, "events_many")["raised"] == 0
    (one,) = rows(cast)
    assert (one.in_charge_id, one.facts["count"], one.state) == (cast["advisor"], 2, "open")
    assert promised("oversight.pass_on_alert")[0]["not_before"] == one.due_at
    with cast.work("house") as work:
        assert pass_on(work.session, work.now, one.id, 1) is None, "her hour is not over"
    cast.advance(minutes=61)
    with cast.work("house") as work:
        assert pass_on(work.session, work.now, one.id, 1) == 2
        assert pass_on(work.session, work.now, one.id, 1) is None
    assert rows(cast)[0].in_charge_id == cast["officer"]
    with cast.work("officer") as work:
        assert standing_count(work.session, work.actor) == 1
        acknowledge_alert(work.session, work.now, work.actor, one.id)
        assert standing_count(work.session, work.actor) == 0
    cast.advance(minutes=121)
    with cast.work("house") as work:
        assert pass_on(work.session, work.now, one.id, 2) is None, "taken in hand, it climbs no more"


def test_what_was_resolved_is_not_told_again_within_the_window_and_stays_as_it_was_written(cast: Any) -> None:
    write(cast)
    silence(cast)
    watch(cast, "events_many")
    (one,) = rows(cast)
    with cast.work("officer") as work:
        with pytest.raises(NoReason):
            resolve_alert(work.session, work.now, work.actor, one.id, " ")
        resolve_alert(work.session, work.now, work.actor, one.id, "去看过，人在医院")
    with cast.work("officer") as work, pytest.raises(AlertResolved):
        acknowledge_alert(work.session, work.now, work.actor, one.id)
    assert watch(cast, "events_many")["raised"] == 0, "within three days there is quiet"
    cast.advance(days=4)
    silence(cast)
    assert watch(cast, "events_many")["raised"] == 1
    with cast.work("house") as work, pytest.raises(Exception, match="is resolved"):
        work.session.connection().execute(update(_alert).where(_alert.c.id == one.id).values(resolution="没事"))


def test_another_street_neither_sees_nor_touches_an_alert_or_a_rule(cast: Any) -> None:
    rule = write(cast)
    silence(cast)
    watch(cast, "events_many")
    (one,) = rows(cast)
    with cast.work("other_officer") as work:
        assert alerts(work.session, STREET, HI) == []
        with pytest.raises(AlertNotFound):
            acknowledge_alert(work.session, work.now, work.actor, one.id)
        with pytest.raises(NotYourRule):
            end_rule(work.session, work.now, work.actor, rule)
    with cast.work("auditor") as work, pytest.raises(AlertNotFound):
        acknowledge_alert(work.session, work.now, work.actor, one.id)


def test_a_changed_rule_is_a_new_version_and_the_old_one_ends(cast: Any) -> None:
    first = write(cast)
    second = write(cast, condition={"event": "no_answer", "days": 1, "at_least": 50})
    with cast.work("officer") as work:
        (row,) = [rule for rule in alert_rules(work.session, STREET, HI) if rule.code == "own_silence"]
    assert (row.id, row.version) == (second, 2) and first != second
    silence(cast)
    assert watch(cast, "events_many")["raised"] == 0, "the new version asks for fifty"


def test_a_rule_is_tried_on_last_month_before_anybody_is_told(cast: Any) -> None:
    for days in (0, 10, 10):
        cast.advance(days=days)
        silence(cast)
    with cast.work("officer") as work:
        fired = try_rule(work.session, work.now, work.actor, own(cast))
        assert [(one.finding.area_code, one.finding.facts["count"]) for one in fired] == [(STREET, 1)] * 3
        assert (fired[-1].on - fired[0].on).days == 20
        wide = own(cast, condition={"event": "no_answer", "days": 15, "at_least": 1})
        assert len(try_rule(work.session, work.now, work.actor, wide)) == 1, "what stands all the time is told once"
    assert rows(cast) == [], "a trial writes nothing"


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "unheard_of"}, {"condition": {"event": "nothing", "days": 1}}, {"severity": "loud"}, {"ladder": ()},
        {"ladder": (("mayor", 60),)}, {"repeat_days": 999}, {"kind": "date_nearing", "condition": {"register": "x", "days": 3}},
        {"kind": "indicator_beyond", "condition": {"indicator": "no_such", "value": 3}},
    ],
)  # fmt: skip
def test_a_rule_that_names_what_is_not_there_is_refused(cast: Any, wrong: dict[str, Any]) -> None:
    with cast.work("officer") as work, pytest.raises(BadRule):
        write_rule(work.session, work.now, work.actor, own(cast, **wrong))


@pytest.mark.mission("SH-24")
def test_a_paper_that_ends_soon_is_told_while_there_is_time(cast: Any) -> None:
    with cast.work("house") as work:
        today = civil_date(work.now)
        work.session.connection().execute(
            text(
                "INSERT INTO carer_certificate (carer_id, provider_id, area_code, name, certificate_number, issuer, valid_from,"
                " valid_until, covers, recorded_at) SELECT person_id, provider_id, :street, '养老护理员证', 'NJ-9', '人社局',"
                " :from, :until, '{}', now() FROM carer WHERE person_id = :carer"
            ),
            {
                "street": STREET,
                "from": today - timedelta(days=300),
                "until": today + timedelta(days=20),
                "carer": cast["carer"],
            },
        )
    told = {"register": "carer_certificate", "days": 30}
    write(cast, code="own_papers", kind="date_nearing", condition=told)
    watch(cast, "date_nearing")
    (one,) = [row for row in rows(cast) if row.key.startswith(f"{STREET}:own_papers")]
    assert (one.facts["count"], one.facts["first_on"]) == (1, (today + timedelta(days=20)).isoformat())
    with cast.work("house") as work:
        assert dates_near(work.session, "carer_certificate", today, 10, STREET, HI) == []


@pytest.mark.mission("SH-24")
def test_a_fire_certificate_that_ends_is_told_by_a_rule_every_city_begins_with(cast: Any) -> None:
    with cast.work("house") as work:
        today = civil_date(work.now)
        work.session.connection().execute(
            text(
                "INSERT INTO site_certificate (facility_id, area_code, kind, certificate_number, issuer, issued_on, expires_on,"
                " recorded_at) SELECT id, area_code, 'fire', 'X-1', '消防', :from, :until, now() FROM facility ORDER BY id LIMIT 1"
            ),
            {"from": today - timedelta(days=700), "until": today + timedelta(days=40)},
        )
        found = dates_near(work.session, "site_fire", today, 60, CITY, CITY + 10**11)
        assert [(row.due_on - today).days for row in found] == [40]
        assert dates_near(work.session, "site_food", today, 60, CITY, CITY + 10**11) == []


def test_every_register_that_may_be_watched_can_be_asked(cast: Any) -> None:
    with cast.work("house") as work:
        today = civil_date(work.now)
        for register in WATCHED_DATES:
            dates_near(work.session, register, today, 60, CITY, CITY + 10**11)
        for event in WATCHED_EVENTS:
            events_since(work.session, event, work.now - timedelta(days=3), work.now, CITY, CITY + 10**11)


def test_a_difference_between_events_and_recount_is_an_alert_of_that_night(cast: Any) -> None:
    with cast.work("house") as work:
        yesterday = civil_date(work.now) - timedelta(days=1)
        work.session.connection().execute(
            text(
                "INSERT INTO count_check (city_code, day, checked_at, rows, differences, first, milliseconds)"
                " VALUES (:city, :day, :now, 9, 3, '[]', 5)"
            ),
            {"city": CITY, "day": yesterday, "now": work.now},
        )
    with cast.work("house") as work:
        watch_city(work.session, work.now, CITY, ["counts_differ"])
        (rule,) = rules_over(work.session, work.now, CITY, ["counts_differ"])
    found = [row for row in rows(cast) if row.subject_type == "counts_differ"]
    if found:  # an officer covers the city
        assert found[0].facts["differences"] == 3
    with cast.work("house") as work:
        told = settle(work.session, work.now, rule, Judgement((Finding(STREET, "counts", {"differences": 3}),)))
    assert told["raised"] == 1
    assert any(row.facts["differences"] == 3 for row in rows(cast))


def test_every_default_rule_is_of_a_known_kind_and_judged_without_a_stumble(cast: Any) -> None:
    assert {one["kind"] for one in DEFAULTS} <= set(KINDS)
    watch(cast)
    with cast.work("house") as work:
        assert len(rules_over(work.session, work.now, CITY)) == len(DEFAULTS)
        assert watch_city(work.session, work.now, CITY)["raised"] == 0


def test_beds_short_are_told_with_how_many_in_how_many_homes(cast: Any) -> None:
    with cast.work("house") as work:
        home = "UPDATE facility SET type_code = 'care_home' WHERE id = (SELECT min(id) FROM facility)"
        work.session.connection().execute(text(home))
        work.session.connection().execute(
            text(
                "INSERT INTO bed (facility_id, area_code, label, kind, opened_on, dementia, basic_guarantee)"
                " SELECT f.id, f.area_code, 'B' || n, 'institution', '2020-01-01', false, false"
                " FROM (SELECT * FROM facility ORDER BY id LIMIT 1) AS f, generate_series(1, 10) AS n"
            )
        )
        today = civil_date(work.now)
        found = judge(
            work.session, "beds_short", asked_on(work.session, work.now, {"at_least": 1}, "city", CITY, today)
        )
    (one,) = found.findings
    assert one.facts["short_beds"] >= 1 and one.facts["homes"] == 1 and len(one.rows) == 1


def test_an_alert_in_the_night_waits_for_the_morning_unless_it_is_urgent(cast: Any) -> None:
    quiet, loud = write(cast, code="own_quiet", quiet=True), write(cast, code="own_loud", quiet=False)
    with cast.work("house") as work:
        local = work.now.astimezone(SHANGHAI)
    to_night = (local.replace(hour=23, minute=0, second=0) - local) % timedelta(days=1)
    cast.advance(seconds=to_night.total_seconds())
    silence(cast)
    watch(cast, "events_many")
    due = {row.rule_id: row.due_at.astimezone(SHANGHAI) for row in rows(cast)}
    assert due[quiet].hour == 8 and due[loud].hour == 0, "an hour after she may be told"


def test_a_target_is_told_only_when_even_the_best_end_of_the_trend_misses_it() -> None:
    def value(high: float, *, days_left: int = 90) -> Any:
        target = SimpleNamespace(value=Decimal(55), comparison="at_least", due_on=date(2026, 12, 31))
        line = SimpleNamespace(high=high, low=40.0, expected=50.0)
        promise = SimpleNamespace(target=target, kept=False, missing=41, days_left=days_left, forecast=line)
        indicator = SimpleNamespace(code="nursing_bed_ratio")
        return SimpleNamespace(promises=(promise,), formula=SimpleNamespace(indicator=indicator), value=Decimal("48.5"))

    assert _missing(value(54.0), 400) == {
        "indicator": "nursing_bed_ratio", "target": 55.0, "value": 48.5, "expected": 50.0, "due_on": "2026-12-31",
        "days_left": 90, "missing": 41,
    }  # fmt: skip
    assert _missing(value(56.0), 400) is None and _missing(value(54.0), 30) is None
