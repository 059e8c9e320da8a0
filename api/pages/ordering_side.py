"""For which elder an order page works: her own pages under /elder, a relative's under /family/{elder}."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from api.deps import Work
from services.clock import civil_date
from services.errors import NotAllowed, NotFound
from services.people.queries import PersonCard, person_card
from services.people.rights import right_to
from services.unit_of_work import UnitOfWork

TWO_SIGN_SURNAMES = ("欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "夏侯")


@dataclass(frozen=True)
class ElderSide:
    """The elder whose pages are open, and by which right; `base` begins every address of these pages."""

    work: UnitOfWork
    shell: str
    base: str
    card: PersonCard
    area_code: int
    ground: str

    @property
    def elder_id(self) -> int:
        """Give the elder's person id."""
        return self.card.id

    def may(self, scope: str) -> bool:
        """Tell whether this side may also `order` or `pay`."""
        if self.ground == "self":
            return True
        try:
            right_to(self.work.session, self.work.actor, self.elder_id, scope, self.work.now)  # type: ignore[arg-type]
        except (NotAllowed, NotFound):
            return False
        return True

    def names(self, **more: Any) -> dict[str, Any]:
        """Give the names every page of the order flow needs, and more."""
        return {
            "shell": self.shell,
            "base": self.base,
            "home": self.base,
            "elder_name": called(self.card) if self.shell == "elder" else self.card.full_name,
            **more,
        }


def called(card: PersonCard) -> str:
    """Give how an elder is spoken to: 王奶奶, 孙爷爷."""
    surname = card.full_name[:2] if card.full_name[:2] in TWO_SIGN_SURNAMES else card.full_name[:1]
    return surname + ("爷爷" if card.gender == "male" else "奶奶")


def elder_side(request: Request, work: Work) -> ElderSide:
    """Open the pages of the signed-in elder, or of the elder in the address for her relative.

    Raises NotFound for everybody else; an office has its own desk.
    """
    asked = request.path_params.get("elder_id")
    elder_id = work.actor.person_id if asked is None else int(asked)
    if elder_id is None or elder_id >= 2**62:
        raise NotFound(elder_id=elder_id)
    right = right_to(work.session, work.actor, elder_id, "view", work.now)
    if right.ground != "self" and not right.ground.startswith("proxy:"):
        raise NotFound(elder_id=elder_id)
    return ElderSide(
        work=work,
        shell="elder" if asked is None else "phone",
        base="/elder" if asked is None else f"/family/{elder_id}",
        card=person_card(work.session, elder_id, civil_date(work.now)),
        area_code=right.area_code,
        ground=right.ground,
    )


Side = Annotated[ElderSide, Depends(elder_side)]
