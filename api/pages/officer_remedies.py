"""Areas without their site or with one below standard, and the remedy chosen for each, at the desk."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response

from api.pages.filters import as_written, full_date
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office
from api.pages.officer_sheets import plain
from api.pages.register_page import Entry, Page, Table, act, day_of, number_of, show
from api.pages.register_page import Form as PageForm
from services.circles import remedies
from services.cities.queries import area_names
from services.clock import civil_date

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=300)]
REMEDIES = "/officer/registers/remedies"


@router.get(REMEDIES)
def remedies_page(request: Request, office: Desk) -> Response:
    """Show the areas that own no qualified site, what the nearest to it lacks, and how it will be closed."""
    return show(request, office, lambda: _gaps(office))


@router.post(REMEDIES)
def choose(
    request: Request, office: Desk, gap: Words = "", remedy: Words = "", due_on: Words = "", note: Words = ""
) -> Response:
    """Choose the remedy of one gap."""
    values = {"gap": gap, "remedy": remedy, "due_on": due_on, "note": note}
    work = office.work

    def do() -> int:
        area, _, tier = gap.partition(":")
        return remedies.choose_remedy(
            work.session, work.now, work.actor, area_code=number_of(area, "gap"), tier_code=tier, remedy=remedy,
            due_on=day_of(due_on, "due_on"), note=note,
        )  # fmt: skip

    return act(request, office, "new", lambda: _gaps(office), do, REMEDIES, values)


@router.get(REMEDIES + "/{remedy_id:int}")
def remedy_page(request: Request, office: Desk, remedy_id: Id) -> Response:
    """Show one remedy, and the form that takes it back."""
    return show(request, office, lambda: _remedy(office, remedy_id))


@router.post(REMEDIES + "/{remedy_id:int}")
def withdraw(request: Request, office: Desk, remedy_id: Id, reason: Words = "") -> Response:
    """Take a remedy back."""
    work = office.work

    def do() -> None:
        remedies.withdraw_remedy(work.session, work.now, work.actor, remedy_id, reason)

    where = f"{REMEDIES}/{remedy_id}"
    return act(request, office, "back", lambda: _remedy(office, remedy_id), do, where, {"reason": reason})


def remedy_words() -> dict[str, str]:
    """Say each remedy in the reader's language."""
    return {
        "buy_back": translate("回购"), "lease": translate("租赁"), "rebuild": translate("改造"),
        "build": translate("新建"), "share": translate("与邻近地区共用"),
    }  # fmt: skip


def _gaps(office: Office) -> Page:
    found = remedies.gap_list(office.work.session, office.lo, civil_date(office.work.now))
    words = remedy_words()
    rows: list[list[Any]] = [
        [
            as_written(gap.area_name), as_written(gap.tier_name),
            as_written(gap.candidate) if gap.candidate else translate("没有设施"),
            as_written("、".join(gap.missing)), *_chosen(gap.remedy, words),
        ]
        for gap in found
    ]  # fmt: skip
    columns = [
        plain(translate("地区")), plain(translate("服务圈")), plain(translate("最接近达标的设施")), plain(translate("还缺的功能")),
        plain(translate("办法")), plain(translate("配齐日期")), plain(translate("说明")),
    ]  # fmt: skip
    choices = [(f"{gap.area_code}:{gap.tier_code}", f"{gap.area_name} · {gap.tier_name}") for gap in found]
    form = PageForm(
        "new", translate("定一个办法"), REMEDIES, translate("记下"),
        (
            Entry("gap", translate("哪里的缺口"), "choice", choices, written=True),
            Entry("remedy", translate("办法"), "choice", list(words.items())),
            Entry("due_on", translate("配齐日期"), "date"),
            Entry("note", translate("说明（可以不写）"), "note", required=False),
        ),
        warning=translate("同一处再定一次，就换成新的办法；原来的留着。"),
    )  # fmt: skip
    done = sum(gap.remedy is not None for gap in found)
    facts = [(translate("缺口"), str(len(found))), (translate("已定办法"), str(done))]
    note = translate("没有合格设施的地区都在这里：没有设施，或者有设施、功能没有达到规定。")
    tables = [Table("gaps", translate("缺口和办法"), columns, rows, note)]
    return Page(translate("缺口补齐"), "", facts, tables, [form] if choices else [])


def _chosen(row: Any, words: dict[str, str]) -> list[Any]:
    if row is None:
        return [translate("还没有定"), "", ""]
    return [{"text": words[row.remedy], "href": f"{REMEDIES}/{row.id}"}, full_date(row.due_on), as_written(row.note)]


def _remedy(office: Office, remedy_id: int) -> Page:
    session = office.work.session
    row = remedies.find_remedy(session, remedy_id)
    place = area_names(session, {row.area_code}).get(row.area_code, str(row.area_code))
    tier = next((one.name for one in office.rules.tiers if one.code == row.tier_code), row.tier_code)
    facts = [
        (translate("地区"), as_written(place)), (translate("服务圈"), as_written(tier)),
        (translate("配齐日期"), full_date(row.due_on)), (translate("说明"), as_written(row.note)),
    ]  # fmt: skip
    if row.withdrawn_at is not None:
        facts.append((translate("已撤回"), as_written(row.withdrawn_reason)))
    form = PageForm(
        "back", translate("撤回这个办法"), f"{REMEDIES}/{remedy_id}", translate("撤回"),
        (Entry("reason", translate("原因")),), danger=True,
    )  # fmt: skip
    forms = [] if row.withdrawn_at is not None else [form]
    return Page(remedy_words()[row.remedy], "", facts, [], forms, back=(REMEDIES, translate("回缺口补齐")))
