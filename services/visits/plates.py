"""The QR plate beside an elder's door: whoever scans it stood there.

Only the keyed hash of its token is kept, so a copy of the database opens no door.
"""

from __future__ import annotations

import io
import secrets
from datetime import datetime
from html import escape

import segno
from sqlalchemy import insert, select, update
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.people.privacy import lookup_hash
from services.people.rights import right_to
from services.settings import settings
from services.unit_of_work import Actor
from services.visits.errors import PlateNotFound
from services.visits.tables import DoorPlate

_plate = table_of(DoorPlate)
PLATE_PURPOSE = "door-plate"


def issue_door_plate(session: Session, now: datetime, actor: Actor, elder_id: int) -> str:
    """Give a new plate's token for an elder's door, shown this once; an earlier plate stops working.

    Raises NotFound or NotAllowed when the actor may not act for the elder.
    """
    right = right_to(session, actor, elder_id, "order", now)
    _revoke(session, now, elder_id)
    token = secrets.token_hex(16)
    session.connection().execute(
        insert(_plate).values(
            elder_id=elder_id,
            area_code=right.area_code,
            token_hash=lookup_hash(PLATE_PURPOSE, token),
            issued_at=now,
        )
    )
    record_act(
        session, now, actor, "issue_door_plate",
        for_person_id=elder_id, by_right=right.ground, area_code=right.area_code,
    )  # fmt: skip
    return token


def revoke_door_plate(session: Session, now: datetime, actor: Actor, elder_id: int) -> None:
    """Make the plate at an elder's door useless: lost, photographed or moved. Raises PlateNotFound."""
    right = right_to(session, actor, elder_id, "order", now)
    if not _revoke(session, now, elder_id):
        raise PlateNotFound(elder_id=elder_id)
    record_act(
        session, now, actor, "revoke_door_plate",
        for_person_id=elder_id, by_right=right.ground, area_code=right.area_code,
    )  # fmt: skip


def _revoke(session: Session, now: datetime, elder_id: int) -> bool:
    done = session.connection().execute(
        update(_plate).where(_plate.c.elder_id == elder_id, _plate.c.revoked_at.is_(None)).values(revoked_at=now)
    )
    return bool(done.rowcount)


def plate_of_token(session: Session, scanned: str) -> int | None:
    """Give the elder at whose door a scanned plate hangs, or None. `scanned` is the token or its address."""
    token = scanned.strip().rsplit("/", 1)[-1]
    elder_id: int | None = (
        session.connection()
        .execute(
            select(_plate.c.elder_id).where(
                _plate.c.token_hash == lookup_hash(PLATE_PURPOSE, token), _plate.c.revoked_at.is_(None)
            )
        )
        .scalar()
    )
    return elder_id


def plate_address(token: str) -> str:
    """Give the address a plate's QR code holds; any phone's camera opens it."""
    return f"{settings().public_url}/door/{token}"


def plate_page(token: str, caption: str) -> str:
    """Draw the plate as one SVG page (A6, 105 × 148 mm) for printing: code, caption, no name and no address."""
    return draw_plate(plate_address(token), ("银龄圈 上门签到牌", caption, "来人上门、离开时请扫一扫"))


def draw_plate(address: str, lines: tuple[str, str, str]) -> str:
    """Draw a plate with an address in its code and three lines beneath, as one SVG page (A6)."""
    code = io.BytesIO()
    segno.make(address, error="q").save(code, kind="svg", xmldecl=False, svgns=True, border=4, omitsize=True)
    drawn = code.getvalue().decode().replace("<svg ", '<svg x="12.5" y="14" width="80" height="80" ', 1)
    words = "".join(
        f'<text x="52.5" y="{104 + 11 * place}" font-size="{7 if place == 0 else 5}" text-anchor="middle" '
        f'font-family="Noto Sans CJK SC, sans-serif">{escape(line)}</text>'
        for place, line in enumerate(lines)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="105mm" height="148mm" viewBox="0 0 105 148" role="img">'
        f'<title>{escape(lines[0])}</title><rect width="105" height="148" fill="#fff"/>{drawn}{words}</svg>'
    )
