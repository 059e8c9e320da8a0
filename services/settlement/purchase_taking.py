"""Taking a list of contracts in: one row a contract and one of its budget lines; several rows of one number are one contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from services.acts import record_act
from services.catalogue.tables import ServiceItem
from services.cities.rules import area_range
from services.columns import table_of
from services.intake.batch import Ground, Row, Written
from services.intake.fields import FieldSpec
from services.intake.rules import natural_name
from services.settlement.purchase_errors import ContractIncomplete
from services.settlement.purchase_rules import FUNDERS, METHODS, fen_of
from services.settlement.purchasing import NewContract, budgets, checked_contract, contracts, put_price, wrong_in_budget
from services.unit_of_work import Actor

_service = table_of(ServiceItem)
_PROVIDERS = text("SELECT id, code, name FROM provider WHERE area_code BETWEEN :lo AND :hi")
_METHOD_WORDS = tuple((code, (words, words[:2])) for code, words in METHODS.items())
_FUNDER_WORDS = tuple((code, (words, words.removesuffix("资金"))) for code, words in FUNDERS.items())
_TERMS = ("title", "provider_id", "first_day", "last_day", "ceiling_fen")


class ContractLists:
    """Lists of contracts of government purchase; what is taken in is a draft until an officer puts it into force."""

    kind = "contracts"
    on_the_map = False
    fields = (
        FieldSpec("contract_number", "合同编号", ("编号", "合同号", "contract_number", "number"), needed=True, longest=200),
        FieldSpec("title", "项目名称", ("合同名称", "名称", "项目", "title"), needed=True, longest=200),
        FieldSpec("buyer", "购买方", ("采购人", "甲方", "采购单位", "buyer"), needed=True, longest=200),
        FieldSpec("provider", "机构", ("机构编码", "机构名称", "供应商", "乙方", "承接方", "provider"), needed=True),
        FieldSpec("method", "采购方式", ("政府采购方式", "method"), reading="choice", choices=_METHOD_WORDS, needed=True),
        FieldSpec("signed_on", "签订日期", ("签约日期", "signed_on"), reading="day"),
        FieldSpec("first_day", "开始日期", ("合同开始", "起始日期", "first_day"), reading="day", needed=True),
        FieldSpec("last_day", "结束日期", ("合同结束", "截止日期", "last_day"), reading="day", needed=True),
        FieldSpec("ceiling", "最高金额", ("合同金额", "合同总价", "最高限价", "ceiling"), needed=True),
        FieldSpec("prices", "服务单价", ("单价", "服务和单价", "prices"), reading="list", longest=2000),
        FieldSpec("budget_year", "预算年度", ("年度", "budget_year"), reading="count"),
        FieldSpec("budget_number", "预算科目", ("科目编号", "科目", "budget_number"), longest=60),
        FieldSpec("funder", "资金来源", ("资金", "funder"), reading="choice", choices=_FUNDER_WORDS),
        FieldSpec("planned", "预算金额", ("预算", "安排金额", "planned")),
    )  # fmt: skip

    def key(self, row: Row) -> str:
        """Give the contract's number with its budget line."""
        told = row.values
        return f"{told.get('contract_number')}|{told.get('budget_year') or ''}|{told.get('budget_number') or ''}"

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Find each row's provider, read its money, and hold it against the contract that stands already."""
        lo, hi = area_range(ground.city_code)
        found = session.connection().execute(_PROVIDERS, {"lo": lo, "hi": hi}).all()
        providers = {one.code: one.id for one in found} | {natural_name(one.name): one.id for one in found}
        codes = set(session.connection().execute(select(_service.c.code)).scalars())
        standing = _standing(session, ground)
        first: dict[str, Row] = {}
        for row in rows:
            row.area_code = ground.lo
            told = row.values
            name = told.get("provider") or ""
            told["provider_id"] = providers.get(name) or providers.get(natural_name(name))
            if name and told["provider_id"] is None:
                row.find("unknown_provider", f"没有登记机构“{name[:40]}”", "provider")
            _read_money(row, codes)
            if row.refused:
                continue
            _check_terms(row)
            known = standing.get(told["contract_number"])
            if known is not None and known.state != "draft":
                row.find("bad_cell", "这份合同已经生效或结束，不能再用名录修改", "contract_number")
            before = first.setdefault(told["contract_number"], row)
            if any(before.values.get(term) != told.get(term) for term in _TERMS):
                row.find("bad_cell", f"与第{before.line}行是同一编号，但名称、机构、日期或金额不同", "contract_number")

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write contracts as drafts with their prices and budget lines; a draft that stands gets what is new."""
        created = updated = 0
        ids: dict[str, Any] = {
            number: one for number, one in _standing(session, ground).items() if one.state == "draft"
        }
        for row in rows:
            number = row.values["contract_number"]
            if number in ids:
                updated += 1
            else:
                ids[number] = _write_one(session, now, actor, ground, row)
                created += 1
            for code, unit_fen in row.values["unit_prices"].items():
                put_price(session, ids[number], code, unit_fen)
            if row.values.get("planned_fen"):
                _write_budget(session, ids[number], row.values)
        if rows:
            facts = {"created": created, "updated": updated}
            record_act(session, now, actor, "write_contracts", area_code=ground.lo, facts=facts)
        return Written(created, updated, 0)


def _standing(session: Session, ground: Ground) -> dict[str, Any]:
    query = select(contracts).where(contracts.c.area_code == ground.lo)
    return {one.contract_number: one for one in session.connection().execute(query)}


def _read_money(row: Row, codes: set[str]) -> None:
    told, read = row.values, {}
    told["ceiling_fen"] = fen_of(told.get("ceiling") or "")
    if told.get("ceiling") and told["ceiling_fen"] is None:
        row.find("bad_cell", "最高金额须为大于0的元数，如 120000", "ceiling")
    for one in told.get("prices") or []:
        code, _, amount = one.replace("＝", "=").replace("：", "=").replace(":", "=").partition("=")
        read[code.strip()] = fen_of(amount)
        if code.strip() not in codes or read[code.strip()] is None:
            row.find("bad_cell", f"服务单价要写成 服务代码=元，如 home_bath=60：{one[:40]}", "prices")
    told["unit_prices"] = read
    told["planned_fen"] = fen_of(told.get("planned") or "")
    if told.get("planned") and told["planned_fen"] is None:
        row.find("bad_cell", "预算金额须为大于0的元数", "planned")


def _check_terms(row: Row) -> None:
    try:
        checked_contract(_contract_of(row.values))
    except ContractIncomplete as wrong:
        row.find("bad_cell", wrong.message_zh, str(wrong.facts.get("field", "")))
        return
    told = row.values
    if told["planned_fen"] is not None:
        wrong_field = wrong_in_budget(
            _contract_of(told), told.get("budget_year") or 0, told.get("budget_number") or "", told.get("funder") or "",
            told["planned_fen"],
        )  # fmt: skip
        if wrong_field is not None:
            row.find("bad_cell", "请写全预算年度、科目编号、资金来源和金额，年度要在合同期内。", wrong_field)
        if told["planned_fen"] > told["ceiling_fen"]:
            row.find("bad_cell", "预算金额超过合同最高金额", "planned")


def _contract_of(told: dict[str, Any]) -> NewContract:
    return NewContract(
        told["contract_number"], told["title"], told["buyer"], told["provider_id"], told["method"], told["first_day"],
        told["last_day"], told["ceiling_fen"], told.get("signed_on"),
    )  # fmt: skip


def _write_one(session: Session, now: datetime, actor: Actor, ground: Ground, row: Row) -> Any:
    values = checked_contract(_contract_of(row.values))
    new = insert(contracts).values(
        **values, area_code=ground.lo, state="draft", recorded_by=actor.person_id, recorded_at=now
    )
    return session.connection().execute(new.returning(contracts)).one()


def _write_budget(session: Session, contract: Any, told: dict[str, Any]) -> None:
    new = upsert(budgets).values(
        contract_id=contract.id, area_code=contract.area_code, provider_id=contract.provider_id,
        budget_year=told["budget_year"], budget_number=told["budget_number"].strip(), funder=told["funder"],
        planned_fen=told["planned_fen"], spent_fen=0,
    )  # fmt: skip
    session.connection().execute(
        new.on_conflict_do_update(constraint="purchase_budget_one_key", set_={"planned_fen": told["planned_fen"]})
    )
