"""Government purchase at the desk: contracts, what is left of their money, and the way from a budget's fen to the evidence."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response
from markupsafe import Markup
from sqlalchemy import Row

from api.pages import register_page
from api.pages.filters import as_written, full_date, percent, yuan
from api.pages.languages import translate
from api.pages.officer_office import Desk, Office
from api.pages.officer_sheets import figure, plain
from api.pages.purchase_words import FUNDER_CHOICES, METHOD_CHOICES, RESULT_CHOICES, chosen, state_words
from api.pages.register_page import Entry, Page, Table, act, day_of, number_of, show
from services.catalogue.queries import services_by_code
from services.clock import civil_date
from services.directory.queries import providers_in
from services.errors import Invalid
from services.settlement import purchase_queries, purchasing
from services.settlement.purchase_rules import fen_of
from services.settlement.queries import check_reader

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Words = Annotated[str, Form(max_length=300)]
HOME = "/officer/registers/purchase"


@router.get(HOME)
def contracts(request: Request, office: Desk) -> Response:
    """Show the contracts of the area with what is left of their money."""
    check_reader(office.work.actor)
    return show(request, office, lambda: _contracts(office))


@router.post(HOME)
def write(
    request: Request, office: Desk, contract_number: Words = "", title: Words = "", buyer: Words = "",
    provider_id: Words = "", method: Words = "", signed_on: Words = "", first_day: Words = "", last_day: Words = "",
    ceiling_fen: Words = "",
) -> Response:  # fmt: skip
    """Write a contract down as a draft."""
    values = {
        "contract_number": contract_number, "title": title, "buyer": buyer, "provider_id": provider_id, "method": method,
        "signed_on": signed_on, "first_day": first_day, "last_day": last_day, "ceiling_fen": ceiling_fen,
    }  # fmt: skip

    def do() -> int:
        new = purchasing.NewContract(
            contract_number, title, buyer, number_of(provider_id, "provider_id"), method, day_of(first_day, "first_day"),
            day_of(last_day, "last_day"), _fen(ceiling_fen, "ceiling_fen"),
            day_of(signed_on, "signed_on") if signed_on.strip() else None,
        )  # fmt: skip
        return purchasing.write_contract(office.work.session, office.work.now, office.work.actor, new)

    return act(request, office, "new", lambda: _contracts(office), do, lambda made: f"{HOME}/{made}", values)


@router.get(HOME + "/{contract_id:int}")
def contract(request: Request, office: Desk, contract_id: Id) -> Response:
    """Show one contract with its prices, budget lines, changes and acceptances."""
    check_reader(office.work.actor)
    return show(request, office, lambda: _contract(office, contract_id))


@router.post(HOME + "/{contract_id:int}/prices")
def price(request: Request, office: Desk, contract_id: Id, service_code: Words = "", unit_fen: Words = "") -> Response:
    """Set a unit price of a draft."""
    values = {"service_code": service_code, "unit_fen": unit_fen}
    return _do(
        request, office, contract_id, "price", values,
        lambda s, now, actor: purchasing.set_price(s, now, actor, contract_id, service_code, _fen(unit_fen, "unit_fen")),
    )  # fmt: skip


@router.post(HOME + "/{contract_id:int}/budgets")
def budget(
    request: Request, office: Desk, contract_id: Id, budget_year: Words = "", budget_number: Words = "",
    funder: Words = "", planned_fen: Words = "",
) -> Response:  # fmt: skip
    """Give a contract a year's money."""
    values = {"budget_year": budget_year, "budget_number": budget_number, "funder": funder, "planned_fen": planned_fen}
    return _do(
        request, office, contract_id, "budget", values,
        lambda s, now, actor: purchasing.add_budget(
            s, now, actor, contract_id, number_of(budget_year, "budget_year"), budget_number, funder,
            _fen(planned_fen, "planned_fen"),
        ),
    )  # fmt: skip


@router.post(HOME + "/{contract_id:int}/start")
def start(request: Request, office: Desk, contract_id: Id) -> Response:
    """Put a draft into force."""
    return _do(
        request,
        office,
        contract_id,
        "start",
        {},
        lambda s, now, actor: purchasing.start_contract(s, now, actor, contract_id),
    )


@router.post(HOME + "/{contract_id:int}/drop")
def drop(request: Request, office: Desk, contract_id: Id, reason: Words = "") -> Response:
    """Put a draft away."""
    return _do(
        request, office, contract_id, "drop", {"reason": reason},
        lambda s, now, actor: purchasing.drop_contract(s, now, actor, contract_id, reason),
    )  # fmt: skip


@router.post(HOME + "/{contract_id:int}/end")
def end(request: Request, office: Desk, contract_id: Id, ended_on: Words = "", reason: Words = "") -> Response:
    """End a contract early."""
    return _do(
        request, office, contract_id, "end", {"ended_on": ended_on, "reason": reason},
        lambda s, now, actor: purchasing.end_contract(s, now, actor, contract_id, day_of(ended_on, "ended_on"), reason),
    )  # fmt: skip


@router.post(HOME + "/{contract_id:int}/accept")
def accept(
    request: Request, office: Desk, contract_id: Id, first_day: Words = "", last_day: Words = "", result: Words = "",
    note: Words = "",
) -> Response:  # fmt: skip
    """Write the office's word on a period."""
    values = {"first_day": first_day, "last_day": last_day, "result": result, "note": note}
    return _do(
        request, office, contract_id, "accept", values,
        lambda s, now, actor: purchasing.accept_delivery(
            s, now, actor, contract_id, day_of(first_day, "first_day"), day_of(last_day, "last_day"), result, note
        ),
    )  # fmt: skip


@router.get(HOME + "/budgets/{budget_id:int}")
def budget_page(request: Request, office: Desk, budget_id: Id) -> Response:
    """Show the settlement lines that moved a budget line's money, each leading on to its evidence."""
    check_reader(office.work.actor)
    return show(request, office, lambda: _budget(office, budget_id))


@router.post(HOME + "/budgets/{budget_id:int}")
def change(request: Request, office: Desk, budget_id: Id, planned_fen: Words = "", reason: Words = "") -> Response:
    """Change what a budget line holds."""
    work = office.work
    return act(
        request, office, "change", lambda: _budget(office, budget_id),
        lambda: purchasing.change_budget(
            work.session, work.now, work.actor, budget_id, _fen(planned_fen, "planned_fen"), reason
        ),
        f"{HOME}/budgets/{budget_id}", {"planned_fen": planned_fen, "reason": reason},
    )  # fmt: skip


def _do(request: Request, office: Office, contract_id: int, key: str, values: dict[str, str], verb: Any) -> Response:
    work = office.work
    return act(
        request, office, key, lambda: _contract(office, contract_id),
        lambda: verb(work.session, work.now, work.actor), f"{HOME}/{contract_id}", values,
    )  # fmt: skip


def _fen(written: str, name: str) -> int:
    found = fen_of(written)
    if found is None:
        raise Invalid("请写金额，单位元，如 1200 或 1200.50。", field=name)
    return found


def _contracts(office: Office) -> Page:
    rows = purchase_queries.list_contracts(office.work.session)
    sites = [(one.id, one.name) for one in providers_in(office.work.session, office.lo, office.hi)]
    columns = [
        plain(translate("合同编号")), plain(translate("名称")), plain(translate("机构")), plain(translate("期限")),
        plain(translate("状态")), figure(translate("最高金额")), figure(translate("预算")), figure(translate("已支出")),
        figure(translate("余额")),
    ]  # fmt: skip
    table = Table("contracts", translate("合同"), columns, [_contract_row(row) for row in rows], _note())
    form = register_page.Form(
        "new", translate("登记一份合同"), HOME, translate("存为草稿"),
        (
            Entry("contract_number", translate("合同编号")), Entry("title", translate("项目名称")),
            Entry("buyer", translate("购买方"), value=office.area_name),
            Entry("provider_id", translate("机构"), "choice", sites, written=True),
            Entry("method", translate("采购方式"), "choice", chosen(METHOD_CHOICES)),
            Entry("signed_on", translate("签订日期（可以不填）"), "date", required=False),
            Entry("first_day", translate("开始日期"), "date"), Entry("last_day", translate("结束日期"), "date"),
            Entry("ceiling_fen", translate("最高金额（元）"), "number"),
        ),
    )  # fmt: skip
    return Page(
        translate("政府购买服务"), _note(), tables=[table], forms=[form],
        links=[("/officer/lists", translate("用表格导入合同")), ("/officer/money", translate("结算"))],
    )  # fmt: skip


def _note() -> str:
    return translate("余额＝预算－已支出；已支出只随结算明细变动，超出预算、合同单价或最高金额的，数据库拒绝入账。")


def _contract_row(row: Row[Any]) -> list[Any]:
    return [
        {"text": as_written(row.contract_number), "href": f"{HOME}/{row.id}"}, as_written(row.title),
        as_written(row.provider_name), f"{row.first_day:%Y-%m-%d} – {row.last_day:%Y-%m-%d}", state_words(row.state),
        yuan(row.ceiling_fen), yuan(row.planned_fen), yuan(row.spent_fen), yuan(row.planned_fen - row.spent_fen),
    ]  # fmt: skip


def _contract(office: Office, contract_id: int) -> Page:
    session = office.work.session
    found = purchase_queries.contract_standing(session, contract_id, civil_date(office.work.now))
    row = found.row
    names = {
        code: one.title for code, one in services_by_code(session, {one.service_code for one in found.prices}).items()
    }
    facts = [
        (translate("状态"), state_words(row.state)), (translate("项目名称"), as_written(row.title)),
        (translate("购买方"), as_written(row.buyer)), (translate("机构"), as_written(row.provider_name)),
        (translate("采购方式"), dict(chosen(METHOD_CHOICES))[row.method]),
        (translate("期限"), f"{row.first_day:%Y-%m-%d} – {row.last_day:%Y-%m-%d}"),
        (translate("最高金额"), yuan(row.ceiling_fen)), (translate("预算"), yuan(found.planned_fen)),
        (translate("已支出"), yuan(found.spent_fen)), (translate("余额"), yuan(found.planned_fen - found.spent_fen)),
        (translate("已接单、还没结算的政府部分"), translate("%(sum)s，%(count)s 单") % {"sum": yuan(found.coming_fen), "count": found.coming_orders}),
        (translate("提前终止"), full_date(row.ended_on) if row.ended_on else ""),
        (translate("原因"), as_written(row.end_reason) if row.end_reason else ""),
    ]  # fmt: skip
    tables = [_prices_table(found, names), _budgets_table(found), _acceptances_table(found), _changes_table(found)]
    title = Markup(translate("合同 %(number)s")) % {"number": as_written(row.contract_number)}
    return Page(title, "", facts, tables, _contract_forms(office, found), back=(HOME, translate("回合同目录")))


def _prices_table(found: Any, names: dict[str, str]) -> Table:
    columns = [plain(translate("服务")), figure(translate("单价上限"))]
    rows = [[as_written(names.get(one.service_code, one.service_code)), yuan(one.unit_fen)] for one in found.prices]
    return Table("prices", translate("服务单价"), columns, rows, translate("一次服务最多用多少公共资金。"))


def _budgets_table(found: Any) -> Table:
    columns = [
        plain(translate("年度")), plain(translate("科目编号")), plain(translate("资金来源")), figure(translate("预算")),
        figure(translate("已支出")), figure(translate("余额")), figure(translate("用掉")), figure(translate("时间过了")),
        plain(translate("照这样哪天用完")),
    ]  # fmt: skip
    rows = [
        [
            {"text": f"{one.row.budget_year}", "href": f"{HOME}/budgets/{one.id}"}, as_written(one.row.budget_number),
            dict(chosen(FUNDER_CHOICES))[one.row.funder], yuan(one.row.planned_fen), yuan(one.row.spent_fen),
            yuan(one.burn.left_fen), percent(one.burn.share_spent), percent(one.burn.share_of_time),
            full_date(one.burn.used_up_on) if one.burn.used_up_on else translate("够用到期末"),
        ]
        for one in found.budgets
    ]  # fmt: skip
    note = translate("点年度看每一分钱用在哪些服务上。用完的日子按到今天的平均速度推算。")
    return Table("budgets", translate("预算"), columns, rows, note)


def _acceptances_table(found: Any) -> Table:
    columns = [
        plain(translate("从")), plain(translate("到")), plain(translate("结论")), figure(translate("已结算笔数")),
        figure(translate("已结算金额")), plain(translate("说明")),
    ]  # fmt: skip
    rows: list[list[Any]] = [
        [
            f"{one.first_day:%Y-%m-%d}", f"{one.last_day:%Y-%m-%d}", dict(chosen(RESULT_CHOICES))[one.result],
            str(one.settled_lines), yuan(one.settled_fen), as_written(one.note),
        ]
        for one in found.acceptances
    ]  # fmt: skip
    return Table("acceptances", translate("验收"), columns, rows)


def _changes_table(found: Any) -> Table:
    columns = [plain(translate("日期")), figure(translate("原来")), figure(translate("改为")), plain(translate("原因"))]
    rows: list[list[Any]] = [
        [full_date(one.changed_at), yuan(one.before_fen), yuan(one.after_fen), as_written(one.reason)]
        for one in found.changes
    ]
    return Table("changes", translate("预算调整"), columns, rows)


def _contract_forms(office: Office, found: Any) -> list[register_page.Form]:
    row, here = found.row, f"{HOME}/{found.row.id}"
    budget = register_page.Form(
        "budget", translate("加一笔预算"), f"{here}/budgets", translate("记下预算"),
        (
            Entry("budget_year", translate("年度"), "number", value=str(row.first_day.year)),
            Entry("budget_number", translate("科目编号"), hint=translate("与补贴规则里的科目编号一致，结算才能对上。")),
            Entry("funder", translate("资金来源"), "choice", chosen(FUNDER_CHOICES)),
            Entry("planned_fen", translate("金额（元）"), "number"),
        ),
    )  # fmt: skip
    why = Entry("reason", translate("原因"))
    if row.state == "draft":
        price = register_page.Form(
            "price", translate("写服务单价"), f"{here}/prices", translate("记下单价"),
            (
                Entry("service_code", translate("服务"), "choice", purchase_queries.services_to_buy(office.work.session), written=True),
                Entry("unit_fen", translate("一次最多（元）"), "number"),
            ),
        )  # fmt: skip
        start = register_page.Form(
            "start", translate("合同生效"), f"{here}/start", translate("确认生效"),
            warning=translate("生效后单价和条款不能再改；这家机构的结算从此受合同和预算约束。"),
        )  # fmt: skip
        drop = register_page.Form("drop", translate("作废草稿"), f"{here}/drop", translate("作废"), (why,), danger=True)
        return [price, budget, start, drop]
    if row.state == "dropped":
        return []
    accept = register_page.Form(
        "accept", translate("验收一段时间的服务"), f"{here}/accept", translate("记下验收"),
        (
            Entry("first_day", translate("从"), "date"), Entry("last_day", translate("到"), "date"),
            Entry("result", translate("结论"), "choice", chosen(RESULT_CHOICES)), Entry("note", translate("说明")),
        ),
    )  # fmt: skip
    if row.state == "ended":
        return [accept]
    end = register_page.Form(
        "end", translate("提前终止合同"), f"{here}/end", translate("终止合同"),
        (Entry("ended_on", translate("最后一天"), "date"), why), danger=True,
        warning=translate("最后一天以后的服务不再由这份合同付费，不能恢复。"),
    )  # fmt: skip
    return [accept, budget, end]


def _budget(office: Office, budget_id: int) -> Page:
    session = office.work.session
    found, contract_row = purchase_queries.budget_standing(session, budget_id, civil_date(office.work.now))
    rows = purchase_queries.lines_of_budget(session, budget_id)
    names = {code: one.title for code, one in services_by_code(session, {row.service_code for row in rows}).items()}
    facts = [
        (translate("合同"), as_written(contract_row.title)), (translate("机构"), as_written(contract_row.provider_name)),
        (translate("资金来源"), dict(chosen(FUNDER_CHOICES))[found.row.funder]),
        (translate("预算"), yuan(found.row.planned_fen)), (translate("已支出"), yuan(found.row.spent_fen)),
        (translate("余额"), yuan(found.burn.left_fen)), (translate("明细合计"), yuan(sum(int(row.drawn_fen) for row in rows))),
    ]  # fmt: skip
    columns = [
        plain(translate("去向")), plain(translate("服务日")), plain(translate("服务")), plain(translate("单号")),
        plain(translate("结算月份")), figure(translate("支出")), plain(translate("原因")),
    ]  # fmt: skip
    cells: list[list[Any]] = [
        [
            {"text": translate("看凭据"), "href": f"/officer/money/lines/{row.id}"}, f"{row.service_day:%Y-%m-%d}",
            as_written(names.get(row.service_code, row.service_code)), row.order_number or "",
            f"{row.month:%Y-%m}" if row.month else "", yuan(int(row.drawn_fen)), as_written(row.reason or ""),
        ]
        for row in rows
    ]  # fmt: skip
    note = translate("每一行是一笔结算；“看凭据”给出订单、上门记录和付款。冲回的行把钱退回这里。")
    form = register_page.Form(
        "change", translate("调整预算"), f"{HOME}/budgets/{budget_id}", translate("记下调整"),
        (
            Entry("planned_fen", translate("调整为（元）"), "number"), Entry("reason", translate("原因")),
        ),
    )  # fmt: skip
    title = Markup(translate("%(year)s年预算 %(number)s")) % {
        "year": found.row.budget_year, "number": as_written(found.row.budget_number),
    }  # fmt: skip
    back = (f"{HOME}/{contract_row.id}", translate("回合同"))
    return Page(title, "", facts, [Table("lines", translate("支出明细"), columns, cells, note)], [form], back=back)
