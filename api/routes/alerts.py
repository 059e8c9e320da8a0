"""Alerts of one's area: what stands, taking one in hand, saying what was done; the rules, and a trial on last month."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import Work
from api.errors import problems
from api.schemas.alerts import (
    AlertOut,
    AlertRuleIn,
    AlertRuleOut,
    FiredOut,
    ResolutionIn,
    RuleWrittenOut,
    TrialOut,
)
from services.oversight import alert_actions, alert_queries
from services.oversight.queries import desk_area

router = APIRouter(prefix="/api/v1", tags=["alerts"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/alerts", response_model=list[AlertOut], responses=problems(401, 403), summary="The alerts of my area")
def of_area(
    work: Work,
    resolved: Annotated[bool, Query(description="those resolved last instead of those that stand")] = False,
    after: Annotated[int, Query(ge=0, le=10**6)] = 0,
) -> list[AlertOut]:
    """Give an office's alerts, the most urgent first, 200 at a time."""
    lo, hi = _area(work)
    rows = alert_queries.alerts(work.session, lo, hi, resolved=resolved, after=after)
    return [AlertOut.model_validate(row) for row in rows]


@router.post(
    "/alerts/{notice_id}/acknowledgement",
    status_code=204,
    responses=problems(401, 404, 409),
    summary="Take an alert in hand",
)
def take(work: Work, notice_id: Id) -> None:
    """Say that one has it; it stops climbing."""
    alert_actions.acknowledge_alert(work.session, work.now, work.actor, notice_id)


@router.post(
    "/alerts/{notice_id}/resolution", status_code=204, responses=problems(401, 404, 409), summary="Resolve an alert"
)
def resolve(work: Work, notice_id: Id, asked: ResolutionIn) -> None:
    """Close an alert with what was done."""
    alert_actions.resolve_alert(work.session, work.now, work.actor, notice_id, asked.done)


@router.get(
    "/alert-rules",
    response_model=list[AlertRuleOut],
    responses=problems(401, 403, 404),
    summary="The rules over my area",
)
def rules(work: Work) -> list[AlertRuleOut]:
    """Give the rules in force over the office's area: its city's and its own."""
    return [AlertRuleOut.model_validate(row) for row in alert_queries.alert_rules(work.session, *_area(work))]


@router.post(
    "/alert-rules",
    response_model=RuleWrittenOut,
    status_code=201,
    responses=problems(401, 403, 404, 409),
    summary="Write an alert rule",
)
def write(work: Work, asked: AlertRuleIn) -> RuleWrittenOut:
    """Put a rule in force over an area of one's own from today, as the next version of its code there."""
    return RuleWrittenOut(rule_id=alert_actions.write_rule(work.session, work.now, work.actor, _rule(asked)))


@router.post(
    "/alert-rules/trial", response_model=TrialOut, responses=problems(401, 403, 404), summary="Try a rule on last month"
)
def trial(work: Work, asked: AlertRuleIn) -> TrialOut:
    """Give what a rule would have told over the last month; nothing is written and nobody is told."""
    fired = alert_actions.try_rule(work.session, work.now, work.actor, _rule(asked))
    told = [FiredOut(on=one.on, area_code=one.finding.area_code, facts=one.finding.facts) for one in fired]
    return TrialOut(times=len(told), fired=told)


def _rule(asked: AlertRuleIn) -> alert_actions.NewRule:
    given = asked.model_dump() | {"ladder": tuple((rung.role, rung.minutes) for rung in asked.ladder)}
    return alert_actions.NewRule(**given)


def _area(work: Work) -> tuple[int, int]:
    lo = desk_area(work.actor)
    assert work.actor.area_hi is not None
    return lo, work.actor.area_hi
