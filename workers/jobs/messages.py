"""Telling people after an act: who is meant, in which words, over which rung of the ladder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from services.cities.rules import area_range
from services.columns import table_of
from services.messages import carriers, delivering
from services.messages.carriers import Carrier, Parcel, Receipt
from services.messages.errors import CarrierRefused, CarrierUnknown
from services.messages.rules import rungs
from services.outbox import OutboxRow, confirm
from services.people.addressees import addressees, dispatchers, elder_side, office_holders
from services.people.consents import NON_ESSENTIAL, consented
from services.people.privacy import unseal
from services.unit_of_work import SYSTEM, UnitOfWork, unit_of_work
from workers.message_facts import clock_time, spoken

SENDS_BEFORE_THE_NEXT_RUNG = 4
"""How often an SMS gateway that does not answer is asked again before a person is asked instead."""

_outbox = table_of(OutboxRow)


def deliver(
    work: UnitOfWork,
    *,
    recipient_ids: list[int],
    audience: dict[str, Any],
    template: str,
    facts: dict[str, Any],
    elder_id: int | None = None,
    area_code: int | None = None,
    subject: list[Any] | None = None,
    key: str | None = None,
) -> None:
    """Write the message into the inbox of everybody meant; one promise to carry it for each.

    A message on progress is not written at all when the elder it is about has withdrawn her consent to those.
    """
    said = spoken(work.session, facts, elder_id)
    if (
        template in NON_ESSENTIAL
        and elder_id is not None
        and not consented(work.session, elder_id, "progress_messages")
    ):
        return
    for recipient in everybody_meant(work, recipient_ids, audience):
        delivering.write_message(
            work.session,
            work.now,
            recipient_id=recipient,
            template=template,
            facts=facts,
            spoken=said,
            elder_id=elder_id,
            area_code=area_code,
            subject=(str(subject[0]), int(subject[1])) if subject else None,
            key=key,
        )


def everybody_meant(work: UnitOfWork, recipient_ids: list[int], audience: dict[str, Any]) -> list[int]:
    """Give the person ids addressed, each once; raises ValueError for an audience nobody defined."""
    meant = list(recipient_ids)
    for kind, value in audience.items():
        if kind == "elder_side":
            meant += elder_side(work.session, int(value), work.now)
        elif kind == "provider_id":
            meant += dispatchers(work.session, int(value))
        elif kind == "office":
            meant += office_holders(work.session, str(value["role"]), *area_range(int(value["area_code"])))
        else:
            raise ValueError(f"unknown audience: {kind}")
    alive = addressees(work.session, meant)
    return [person for person in dict.fromkeys(meant) if person in alive]


def carry(outbox_id: int, args: dict[str, Any]) -> None:
    """Climb the ladder with one message: WeChat, SMS, a call where it is urgent, then a person. Raises CarrierUnknown to be sent again."""
    message_id = int(args["message_id"])
    with unit_of_work(SYSTEM, login="jobs") as work:
        message = delivering.to_carry(work.session, message_id)
        reach = addressees(work.session, [message.recipient_id]).get(message.recipient_id)
        sends = _sends(work.session, outbox_id)
        if reach is None or message.carried:
            confirm(work.session, work.now, outbox_id)
            return
    phone = reach.phone
    rings = message.rings and carriers.voice() is not None
    for rung in rungs(wechat=message.openid_sealed is not None, phone=phone is not None, rings=rings):
        if rung in message.failed:
            continue
        if rung == "person":
            _hold(outbox_id, message_id, "person", Receipt(id=f"ask-{message_id}", state="sent"))
            return
        address = unseal("openid", str(message.openid_sealed)) if rung == "wechat" else str(phone)
        receipt = _try_rung(rung, _parcel(message, address, reach.name), patient=sends < SENDS_BEFORE_THE_NEXT_RUNG)
        if isinstance(receipt, Receipt):
            _hold(outbox_id, message_id, rung, receipt)
            return
        with unit_of_work(SYSTEM, login="jobs") as work:
            delivering.record_failed(work.session, work.now, message_id, rung, receipt)


def _voice() -> Carrier:
    """Give the voice carrier; only asked where there is one."""
    found = carriers.voice()
    assert found is not None, "a rung nobody could climb"
    return found


_CARRIERS: dict[str, Callable[[], Carrier]] = {"wechat": carriers.wechat, "sms": carriers.sms, "call": _voice}


def _parcel(message: delivering.ToCarry, address: str, name: str) -> Parcel:
    return Parcel(
        key=f"m{message.message_id}",
        address=address,
        label=name,
        title=message.title,
        body=message.body,
        sent_at=clock_time(message.created_at),
        page=f"pages/message?id={message.message_id}",
    )


def _try_rung(rung: str, parcel: Parcel, *, patient: bool) -> Receipt | str:
    """Give the receipt, or why the next rung is needed. Raises CarrierUnknown when the same rung is to be asked again.

    WeChat has no idempotency key, so an answer lost there is not asked for again: an SMS too many is kinder.
    """
    try:
        return _CARRIERS[rung]().send(parcel)
    except CarrierRefused as refused:
        return str(refused)
    except CarrierUnknown as unknown:
        if patient and rung != "wechat":
            raise
        return str(unknown)


def _hold(outbox_id: int, message_id: int, channel: str, receipt: Receipt) -> None:
    with unit_of_work(SYSTEM, login="jobs") as work:
        delivering.record_carried(work.session, work.now, message_id, channel, receipt)
        confirm(work.session, work.now, outbox_id)


def _sends(session: Session, outbox_id: int) -> int:
    sends: int = session.connection().execute(select(_outbox.c.sends).where(_outbox.c.id == outbox_id)).scalar_one()
    return sends


def hear_report(work: UnitOfWork, *, receipt: str, arrived: bool, reason: str | None) -> None:
    """Take in a carrier's report whose signature was checked when it arrived; unknown parcels are nobody's."""
    delivering.record_arrival(work.session, work.now, receipt, arrived=arrived, error=reason)


HANDLERS = {"messages.deliver": deliver, "messages.hear_report": hear_report}
OUTSIDE = {"messages.carry": carry}
