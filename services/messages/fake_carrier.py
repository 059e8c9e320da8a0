"""The stateful fake carrier: remembers what it carried, as a phone would, whatever becomes of our transaction."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from services.columns import table_of
from services.messages.carriers import Channel, Parcel, Receipt
from services.messages.errors import CarrierRefused, CarrierUnknown
from services.messages.tables import FakeParcel
from services.settings import settings
from services.unit_of_work import SYSTEM, unit_of_work

_parcel = table_of(FakeParcel)

DEAD_ENDING = "0000"
"""Phone numbers that end so are switched off: the fake SMS and voice carriers refuse them."""


class FakeCarrier:
    """Carries over one channel into the table `fake_parcel`, through a connection of its own."""

    def __init__(self, channel: Channel) -> None:
        self.channel: Channel = channel
        self.lose_next_answers = 0
        """For tests: carry, then behave as if the answer was lost, this many times."""

    def send(self, parcel: Parcel) -> Receipt:
        """Keep the parcel once per key; delivered at once. Raises CarrierRefused, CarrierUnknown."""
        if self.channel in ("sms", "call") and parcel.address.endswith(DEAD_ENDING):
            raise CarrierRefused("手机号码已停机。", channel=self.channel)
        with unit_of_work(SYSTEM, login="jobs") as work:
            kept = insert(_parcel).values(
                channel=self.channel,
                to_hash=address_hash(parcel.address),
                to_label=parcel.label,
                body=parcel.body,
                key=f"{self.channel}/{parcel.key}",
                received_at=work.now,
            )
            connection = work.session.connection()
            connection.execute(kept.on_conflict_do_nothing(index_elements=["key"]))
            number = connection.execute(
                select(_parcel.c.id).where(_parcel.c.key == f"{self.channel}/{parcel.key}")
            ).scalar_one()
        if self.lose_next_answers > 0:
            self.lose_next_answers -= 1
            raise CarrierUnknown(channel=self.channel)
        return Receipt(id=f"fake-{self.channel}-{number}", state="delivered")


def address_hash(address: str) -> str:
    """Give the keyed hash under which the fake remembers a phone number or openid."""
    return hmac.new(settings().derived_secret("fake-parcel"), address.encode(), hashlib.sha256).hexdigest()


def received(last: int = 10, *, address: str | None = None, label: str | None = None) -> list[Row[Any]]:
    """Give the newest parcels (channel, to_label, body, received_at), newest first.

    Optionally only those to one phone number or openid, or to labels that contain some words.
    """
    query = select(_parcel.c.id, _parcel.c.channel, _parcel.c.to_label, _parcel.c.body, _parcel.c.received_at)
    if address is not None:
        query = query.where(_parcel.c.to_hash == address_hash(address))
    if label is not None:
        query = query.where(_parcel.c.to_label.contains(label, autoescape=True))
    with unit_of_work(SYSTEM, login="jobs") as work:
        return list(work.session.connection().execute(query.order_by(_parcel.c.id.desc()).limit(last)))
