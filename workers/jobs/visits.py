"""Jobs of the visits room: planning doors, watching clocks, following up silence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from services.cities.queries import list_cities
from services.clock import civil_date
from services.unit_of_work import UnitOfWork
from services.visits.alerts import pass_on, raise_alerts
from services.visits.complaints import escalate_complaint
from services.visits.compliance import alert_unvisited
from services.visits.conduct import compute_credit, promise_every_credit
from services.visits.duties import refresh_duties
from services.visits.escalations import escalate, follow_up
from services.visits.home_bed_delivery import check_month
from services.visits.judging import judge_visit
from services.visits.phone_in import call_of, hear_call
from services.visits.plans import cancel_care_visit, plan_care_visit, warn_late
from services.visits.reminding import remind_workers
from services.visits.tasks import make_tasks


def plan_visit(work: UnitOfWork, order_id: int, assignment_id: int) -> None:
    """Plan the visit of a carer who was assigned."""
    plan_care_visit(work.session, work.now, order_id, assignment_id)


def cancel_visit(work: UnitOfWork, order_id: int) -> None:
    """Cancel the visit of an order that was cancelled or lost its carer."""
    cancel_care_visit(work.session, work.now, order_id)


def look_for_late(work: UnitOfWork, visit_id: int, minutes: int) -> None:
    """Tell the provider when nobody has checked in yet."""
    warn_late(work.session, work.now, visit_id, minutes)


def follow_attempt(work: UnitOfWork, attempt_id: int) -> None:
    """Open or close the escalation an attempt asks for."""
    follow_up(work.session, work.now, attempt_id)


def step_up(work: UnitOfWork, escalation_id: int, from_step: int) -> None:
    """Hand an overdue door to the next person."""
    escalate(work.session, work.now, escalation_id, from_step)


def refresh_lists(work: UnitOfWork, city_code: int | None = None) -> None:
    """Bring the lists of elders who must be seen up to today, in one city or in all, and make the tasks they ask for."""
    for code in _cities(work, city_code):
        refresh_duties(work.session, work.now, code)
        make_tasks(work.session, work.now, code)


def alert_month(work: UnitOfWork, city_code: int | None = None) -> None:
    """Remind officers on their city's alert days."""
    for code in _cities(work, city_code):
        alert_unvisited(work.session, work.now, code)
        remind_workers(work.session, work.now, code)


def check_home_beds(work: UnitOfWork, month: str | None = None) -> None:
    """Check a month of every home care bed (ISO day), by default the month before."""
    before = civil_date(work.now).replace(day=1) - timedelta(days=1)
    check_month(work.session, work.now, date.fromisoformat(month) if month else before)


def raise_risks(work: UnitOfWork, visit_id: int) -> None:
    """Hand what a visitor ticked to whoever answers for it."""
    raise_alerts(work.session, work.now, visit_id)


def pass_alert_on(work: UnitOfWork, alert_id: int, from_step: int) -> None:
    """Hand an overdue alert to the next person."""
    pass_on(work.session, work.now, alert_id, from_step)


def judge(work: UnitOfWork, visit_id: int) -> None:
    """Count what does not fit about a visit that just ended."""
    judge_visit(work.session, work.now, visit_id)


def take_call(work: UnitOfWork, **call: str) -> None:
    """Take a call the telephone exchange reported."""
    hear_call(work.session, work.now, call_of(call))


def _cities(work: UnitOfWork, city_code: int | None) -> list[int]:
    return [city_code] if city_code is not None else [city.code for city in list_cities(work.session)]


def complaint_due(work: UnitOfWork, complaint_id: int, what: str) -> None:
    """A complaint's clock ran out."""
    escalate_complaint(work.session, work.now, complaint_id, what)


def compute_every_credit(work: UnitOfWork) -> None:
    """Promise last month's credit level of every provider."""
    promise_every_credit(work.session, work.now)


def compute_provider_credit(work: UnitOfWork, provider_id: int, month: str, because: str) -> None:
    """Compute one provider's credit level of a month (ISO day)."""
    compute_credit(work.session, work.now, provider_id, date.fromisoformat(month), because)


HANDLERS: dict[str, Callable[..., None]] = {
    "visits.complaint_due": complaint_due,
    "visits.compute_credit": compute_provider_credit,
    "visits.compute_every_credit": compute_every_credit,
    "visits.plan_care_visit": plan_visit,
    "visits.cancel_care_visit": cancel_visit,
    "visits.warn_late": look_for_late,
    "visits.follow_up": follow_attempt,
    "visits.escalate": step_up,
    "visits.refresh_duties": refresh_lists,
    "visits.alert_unvisited": alert_month,
    "visits.check_home_beds": check_home_beds,
    "visits.raise_alerts": raise_risks,
    "visits.pass_on_alert": pass_alert_on,
    "visits.judge": judge,
    "visits.hear_call": take_call,
}
