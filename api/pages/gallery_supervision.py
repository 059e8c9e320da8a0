"""Fixed examples of the pages about the supervision of institutions. Invented houses and people."""

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from api.pages.gallery_people import NOW, Example
from services.supervision import lots

SEED = "5f" * 32
TEXT = lots.pool_text(
    lots.Pool(
        ["NJD082"], ["NJD077", "NJD078", "NJD079"], ["ZF-001", "ZF-002", "ZF-003"], [("ZF-001", "NJD079")], 1, 1, 2
    )
)
RESULTS = lots.draw_inspection(TEXT, SEED, "0704112233")
NAMES = {"NJD077": "松龄颐养院", "NJD078": "桑榆养老院", "NJD079": "长青护养院", "NJD082": "福荫敬老院"}
TODAY = NOW.date()
DRAW = SimpleNamespace(
    id=1, title="第四季度双随机抽查", committed_at=NOW - timedelta(days=2), revealed_at=NOW, pool=TEXT,
    pool_hash=lots.text_hash(TEXT), seed_hash=lots.text_hash(SEED), public_source="11月25日双色球红球", seed=SEED,
    public_word="0704112233", results=RESULTS,
)  # fmt: skip
TARGETS = [
    SimpleNamespace(
        place=row["place"], facility_name=NAMES[row["target"]], list_name=row["list"], inspectors=row["inspectors"],
        ticket=row["ticket"], inspection_id=row["place"], state="done" if row["place"] == 1 else "planned", failed=2,
    )
    for row in RESULTS
]  # fmt: skip
CASE = SimpleNamespace(
    id=1, case_number="JG261123-00001-4", title="夜间巡查记录不全", provider_name="桑榆养老院", provider_id=1,
    source="inspection", finding="抽查发现：11月有6天没有夜间巡查记录，交接班记录缺签名。", state="decided",
    opened_at=NOW - timedelta(days=12), answer_by=NOW - timedelta(days=1), answered_at=NOW - timedelta(days=3),
    answer="夜班人员请假，已补排班，12月起每两小时巡查并签名。", closed_at=None,
)  # fmt: skip
DECISIONS = [
    SimpleNamespace(
        id=1, kind="rectify", told="补齐制度，月底前复查", due_on=date(2026, 12, 20), amount_fen=None, done_on=None
    ),
    SimpleNamespace(id=2, kind="recovery", told="同一单重复结算", due_on=None, amount_fen=12000, done_on=TODAY),
]
EVENTS = [
    SimpleNamespace(kind=kind, happened_at=NOW - timedelta(days=days), facts=facts)
    for kind, days, facts in (
        ("opened", 12, {}), ("answered", 3, {}), ("referred", 2, {"department": "消防救援大队"}),
        ("decided", 1, {"kind": "rectify"}), ("decided", 0, {"kind": "recovery"}),
    )
]  # fmt: skip
REFERRAL = SimpleNamespace(
    id=1, department="消防救援大队", told="二楼通道上锁", sent_at=NOW - timedelta(days=2), reference="", answer=None,
)  # fmt: skip
DESK: dict[str, Any] = {"area_name": "新街口街道", "as_of": NOW, "read_only": False, "home": "/officer", "errors": {}}
FORM = dict.fromkeys(("kind", "told", "due_on", "yuan", "line_id", "department"), "")


def _house(number: int, name: str, grade: int | None, until: date | None, step: str | None) -> SimpleNamespace:
    return SimpleNamespace(
        id=number, name=name, address="洪武路120号", beds=60 + 20 * number, filing_step=step, grade=grade, expires_on=until,
        filing_number="320102-2025-00" + str(number) if step else None,
    )  # fmt: skip


HOUSES = [
    _house(1, "桑榆养老院", 4, TODAY + timedelta(days=700), "filed"),
    _house(2, "松龄颐养院", 3, TODAY + timedelta(days=60), "changed"),
    _house(3, "福荫敬老院", None, None, None),
]
SUPERVISION: dict[str, Example] = {
    "inspection-draw": ("inspection/draw.html", {
        "home": "/", "one": DRAW, "targets": TARGETS, "procedure": lots.PROCEDURE_ZH,
    }),
    "officer-case": ("officer/case.html", DESK | {
        "case": CASE, "overdue": False, "may_decide": True, "decisions": DECISIONS, "referrals": [REFERRAL],
        "events": EVENTS, "lines": [(1, "2026-10-08 · 31 · 120.00")], "today": TODAY, "values": FORM,
    }),
    "institution-list": ("institution/list.html", {
        "home": "/", "rows": HOUSES, "today": TODAY, "asked": {"min_grade": None, "filed": False},
    }),
}  # fmt: skip
