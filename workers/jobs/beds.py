"""Jobs of the beds room: the counts of a month's end and of each night, offers that run out, deaths told on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from services.beds.emergencies import check_emergency, end_stays_of_the_dead
from services.beds.ratio import month_ends
from services.beds.snapshots import take_snapshot
from services.beds.waiting import lapse_offer
from services.clock import civil_date
from services.outbox import enqueue
from services.oversight.bed_watch import watch_city
from services.oversight.counting import cities_counted
from services.people.moving import note_leaving
from services.unit_of_work import UnitOfWork


def count_beds(work: UnitOfWork, day: str | None = None) -> None:
    """Count all homes' beds on a day (ISO), by default on the last day of last month."""
    chosen = date.fromisoformat(day) if day else month_ends(civil_date(work.now), 1)[0]
    take_snapshot(work.session, work.now, chosen)


def expire_offer(work: UnitOfWork, offer_id: int) -> None:
    """Let a bed's offer go that nobody answered in time."""
    lapse_offer(work.session, work.now, offer_id, accepted=False)


def release_bed(work: UnitOfWork, offer_id: int) -> None:
    """Free a bed whose offer was taken and into which nobody moved in time."""
    lapse_offer(work.session, work.now, offer_id, accepted=True)


def ask_for_assessment(work: UnitOfWork, stay_id: int) -> None:
    """Look whether an elder who came in an emergency was assessed since; if not, tell the home's office."""
    check_emergency(work.session, work.now, stay_id)


def note_death(work: UnitOfWork, elder_id: int, died_on: str) -> None:
    """Tell the register of people that an elder died in her bed; circles and visits follow from there."""
    note_leaving(work.session, work.now, work.actor, elder_id, "died", date.fromisoformat(died_on))


def end_stays(work: UnitOfWork) -> None:
    """End the stays of elders whose death the register of people has learned elsewhere."""
    end_stays_of_the_dead(work.session, work.now)


def watch_every_city(work: UnitOfWork) -> None:
    """Each night: count every home's beds of yesterday, end the stays of the dead, and look at each city's ratio."""
    today = civil_date(work.now)
    end_stays_of_the_dead(work.session, work.now)
    take_snapshot(work.session, work.now, today - timedelta(days=1))
    for city_code in cities_counted(work.session, today):
        key = f"beds.watch_city:{city_code}:{today:%Y-%m-%d}"
        enqueue(work.session, work.now, "beds.watch_city", {"city_code": city_code}, key=key)


def watch_one_city(work: UnitOfWork, city_code: int) -> None:
    """Read a city's ratios, keep them, and tell of beds that are short."""
    watch_city(work.session, work.now, city_code)


HANDLERS: dict[str, Callable[..., None]] = {
    "beds.snapshot": count_beds,
    "beds.expire_offer": expire_offer,
    "beds.release_bed": release_bed,
    "beds.check_emergency": ask_for_assessment,
    "beds.note_death": note_death,
    "beds.end_stays": end_stays,
    "beds.watch_every_city": watch_every_city,
    "beds.watch_city": watch_one_city,
}
