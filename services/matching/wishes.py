"""An elder's wishes for who comes, and the tongues carers speak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.columns import table_of
from services.directory.tables import Carer
from services.errors import Invalid, NotFound
from services.matching.dispatchers import check_dispatcher
from services.matching.wish_tables import CarerLanguage, CarerWish
from services.people.rights import right_to
from services.unit_of_work import Actor

_wish, _language, _carer = table_of(CarerWish), table_of(CarerLanguage), table_of(Carer)
LANGUAGES: dict[str, str] = {
    "mandarin": "普通话",
    "nanjing": "南京话",
    "wu": "吴语",
    "shanghai": "上海话",
    "cantonese": "粤语",
    "hakka": "客家话",
    "min": "闽南话",
    "mongolian": "蒙古语",
    "english": "英语",
}
GENDERS: dict[str, str] = {"female": "女护理员", "male": "男护理员"}


@dataclass(frozen=True)
class Wish:
    """What an elder wishes of who comes; nothing at all by default. `must`: others are left out."""

    gender: str | None = None
    languages: tuple[str, ...] = ()
    must: bool = False
    carer_id: int | None = None
    carer_name: str | None = None

    @property
    def is_any(self) -> bool:
        """Tell whether she wishes anything."""
        return self.gender is not None or bool(self.languages) or self.carer_id is not None

    @property
    def words(self) -> str:
        """Say the wish for people: 护理员陈芳、女护理员、会说南京话."""
        parts = [f"护理员{self.carer_name or ''}"] if self.carer_id is not None else []
        parts += [GENDERS[self.gender]] if self.gender else []
        if self.languages:
            parts.append("会说" + "或".join(LANGUAGES[one] for one in self.languages if one in LANGUAGES))
        return "、".join(parts)


def wish_of(session: Session, elder_id: int) -> Wish:
    """Give an elder's standing wish; none when she said nothing or may not be seen."""
    row = session.connection().execute(
        select(_wish, _carer.c.display_name)
        .join(_carer, _carer.c.person_id == _wish.c.carer_id, isouter=True)
        .where(_wish.c.elder_id == elder_id)
    ).first()  # fmt: skip
    if row is None:
        return Wish()
    return Wish(row.gender, tuple(row.languages), row.must, row.carer_id, row.display_name)


def say_wish(session: Session, now: datetime, actor: Actor, elder_id: int, wish: Wish) -> None:
    """Write down whom an elder would like to come. Raises NotFound, NotAllowed, Invalid(field)."""
    if wish.gender not in (None, *GENDERS) or set(wish.languages) - LANGUAGES.keys():
        raise Invalid("愿望填写有误，请重新选择。", field="languages", known=sorted(LANGUAGES))
    right = right_to(session, actor, elder_id, "order", now)
    if wish.carer_id is not None:
        works = select(_carer.c.person_id).where(_carer.c.person_id == wish.carer_id, _carer.c.left_on.is_(None))
        if session.connection().execute(works).first() is None:
            raise Invalid("这位护理员不能选，请重新选择。", field="carer")
    row = {
        "elder_id": elder_id, "area_code": right.area_code, "gender": wish.gender, "carer_id": wish.carer_id,
        "languages": list(wish.languages), "must": wish.must and wish.is_any, "said_by": actor.person_id, "said_at": now,
    }  # fmt: skip
    session.connection().execute(upsert(_wish).values(row).on_conflict_do_update(index_elements=["elder_id"], set_=row))
    record_act(
        session, now, actor, "say_wish", for_person_id=elder_id, by_right=right.ground, area_code=right.area_code,
        facts={"must": row["must"]},
    )  # fmt: skip


def say_languages(session: Session, now: datetime, actor: Actor, carer_id: int, languages: Sequence[str]) -> None:
    """Say which tongues a carer speaks, for her provider. Raises NotFound, NotADispatcher, Invalid(field)."""
    if set(languages) - LANGUAGES.keys():
        raise Invalid("语言填写有误，请重新选择。", field="languages", known=sorted(LANGUAGES))
    connection = session.connection()
    provider_id = connection.execute(select(_carer.c.provider_id).where(_carer.c.person_id == carer_id)).scalar()
    if provider_id is None:
        raise NotFound(carer_id=carer_id)
    check_dispatcher(session, actor, provider_id)
    connection.execute(delete(_language).where(_language.c.carer_id == carer_id))
    for language in dict.fromkeys(languages):
        row = {"carer_id": carer_id, "provider_id": provider_id, "language": language, "said_at": now}
        connection.execute(upsert(_language).values(row))
    record_act(session, now, actor, "say_languages", by_right="provider", subject=("carer", carer_id),
               facts={"languages": list(languages)})  # fmt: skip
