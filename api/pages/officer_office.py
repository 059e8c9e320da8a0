"""Whose desk is open: the office, its area and city, and the rules its figures are judged by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from api.deps import Work
from api.pages.kit import LANGUAGE_COOKIE
from api.pages.languages import choose_language, current_language, translate
from services.cities.pack import CityRules
from services.cities.queries import area_names, city_of_area, rules_in_force
from services.clock import civil_date
from services.oversight.queries import desk_area
from services.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Office:
    """An office with its area (`lo`..`hi`, 15-digit codes) and the rules of its city today."""

    work: UnitOfWork
    lo: int
    hi: int
    city: int
    area_name: str
    rules: CityRules

    @property
    def read_only(self) -> bool:
        """Tell whether this office may look and not touch (the auditor)."""
        return self.work.actor.read_only

    def names(self, **more: Any) -> dict[str, Any]:
        """Give the names every page of the desk needs, and more."""
        return {"area_name": self.area_name, "read_only": self.read_only, "as_of": self.work.now, **more}

    def community_names(self, codes: set[int]) -> dict[int, str]:
        """Give the community's name for each of some area codes (quarters lie in their community)."""
        known = area_names(self.work.session, {code // 1000 * 1000 for code in codes})
        return {code: known.get(code // 1000 * 1000, str(code)) for code in codes}


def office(work: Work) -> Office:
    """Open the desk of the signed-in office. Raises NotADesk, UnknownCity, NoRulesInForce."""
    area = desk_area(work.actor)
    assert work.actor.area_hi is not None
    city = city_of_area(work.session, area)
    return Office(
        work=work,
        lo=area,
        hi=work.actor.area_hi,
        city=city,
        area_name=area_names(work.session, {area}).get(area, str(area)),
        rules=rules_in_force(work.session, city, civil_date(work.now)),
    )


Desk = Annotated[Office, Depends(office)]


def relation_words(code: str) -> str:
    """Say what a relative is to the elder; a relation written in words stays as it is."""
    known = {
        "daughter": translate("女儿"),
        "son": translate("儿子"),
        "spouse": translate("老伴"),
        "grandchild": translate("孙辈"),
        "niece": translate("侄女"),
        "nephew": translate("侄子"),
        "sibling": translate("兄弟姐妹"),
        "daughter_in_law": translate("儿媳"),
        "son_in_law": translate("女婿"),
        "guardian": translate("监护人"),
    }
    return known.get(code, code)


@contextmanager
def speaking(request: Request) -> Iterator[None]:
    """Say words put together outside a template in the language of the page."""
    token = current_language.set(choose_language(request.cookies.get(LANGUAGE_COOKIE)))
    try:
        yield
    finally:
        current_language.reset(token)
