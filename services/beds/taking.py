"""Taking a list of beds in: one row a bed, or one row a home with its numbers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from services.acts import record_act
from services.beds.tables import Bed
from services.cities.rules import area_range
from services.clock import civil_date
from services.columns import table_of
from services.intake.batch import Ground, Row, Written
from services.intake.fields import FieldSpec
from services.intake.rules import natural_name
from services.unit_of_work import Actor

_bed = table_of(Bed)
BED_KINDS = (
    ("institution", ("机构", "机构床位", "养老机构床位")),
    ("community", ("社区", "社区床位")),
    ("home", ("家庭", "家庭养老床位", "居家")),
)
LEVEL_WORDS = (
    ("self_care", ("自理",)), ("partial", ("半自理", "半护理", "介助")), ("full", ("全护理", "不能自理", "介护")),
    ("special", ("特护", "专护")),
)  # fmt: skip
_HOMES = text("SELECT id, code, name, area_code, opened_on FROM facility WHERE area_code BETWEEN :lo AND :hi")
MOST_BEDS = 5000
_FLAGS = ("dementia", "basic_guarantee")
_DATES = ("nursing_from", "licensed_on", "opened_on", "closed_on")


class BedLists:
    """Lists of beds, each of a site that is registered already."""

    kind = "beds"
    on_the_map = False
    fields = (
        FieldSpec("facility_code", "设施编码", ("机构编码", "编码", "facility_code", "facility"), longest=60),
        FieldSpec("facility_name", "设施名称", ("机构名称", "名称", "facility_name", "name")),
        FieldSpec("label", "床号", ("床位号", "床位编号", "label", "bed"), longest=60),
        FieldSpec("kind", "床位种类", ("床位类型", "kind"), reading="choice", choices=BED_KINDS),
        FieldSpec("beds", "床位数", ("总床位", "核定床位", "床位总数", "beds"), reading="count"),
        FieldSpec("nursing_beds", "护理型床位数", ("护理型床位", "护理床位", "nursing_beds"), reading="count"),
        FieldSpec("dementia_beds", "认知症床位数", ("认知障碍床位", "失智床位", "dementia_beds"), reading="count"),
        FieldSpec("nursing_from", "护理型认定日期", ("认定日期", "nursing_from"), reading="day"),
        FieldSpec("dementia", "认知症床位", ("失智", "dementia"), reading="yes_no"),
        FieldSpec("basic_guarantee", "保基本床位", ("兜底床位", "basic_guarantee"), reading="yes_no"),
        FieldSpec("licensed_on", "许可日期", ("备案日期", "licensed_on"), reading="day"),
        FieldSpec("opened_on", "启用日期", ("投用日期", "开放日期", "opened_on"), reading="day"),
        FieldSpec("closed_on", "停用日期", ("closed_on",), reading="day"),
        FieldSpec(
            "care_level", "照护等级", ("护理等级", "床位等级", "care_level"), reading="choice", choices=LEVEL_WORDS
        ),
    )

    def key(self, row: Row) -> str:
        """Give the home and the bed's label."""
        told = row.values
        home = told.get("facility_code") or natural_name(told.get("facility_name") or "")
        return f"{home}|{told.get('label') or ''}" if home else ""

    def judge(self, session: Session, now: datetime, ground: Ground, rows: list[Row]) -> None:
        """Find each row's home by code or by a name that only one has; check numbers and dates."""
        placed = find_homes(session, ground, rows)
        standing = _standing(session, [row.values["home"].id for row in placed]) if placed else {}
        for row in placed:
            open_beds = [one for one in standing.get(row.values["home"].id, []) if one.closed_on is None]
            _check_numbers(row, len(open_beds))

    def write(self, session: Session, now: datetime, actor: Actor, ground: Ground, rows: list[Row]) -> Written:
        """Write the beds; a row of numbers adds the beds that are missing and certifies what it says."""
        if not rows:
            return Written()
        standing = _standing(session, [row.values["home"].id for row in rows])
        fresh: list[dict[str, Any]] = []
        updated = unchanged = 0
        for row in rows:
            before = {bed.label: bed for bed in standing.get(row.values["home"].id, [])}
            wanted = _one_bed(row, before) if row.values.get("label") else _many_beds(row, before, civil_date(now))
            for one in wanted:
                known = before.get(one["label"])
                if known is None:
                    fresh.append(one)
                elif any(getattr(known, name) != value for name, value in one.items()):
                    session.connection().execute(update(_bed).where(_bed.c.id == known.id).values(**one))
                    updated += 1
                else:
                    unchanged += 1
        if fresh:
            session.connection().execute(insert(_bed), fresh)
        _write_levels(session, now, actor, rows)
        facts = {"created": len(fresh), "updated": updated}
        record_act(session, now, actor, "write_beds", area_code=ground.city_code, facts=facts)
        return Written(len(fresh), updated, unchanged)


def find_homes(session: Session, ground: Ground, rows: list[Row]) -> list[Row]:
    """Put each row's home into its values, by code or by a name that only one has; gives the rows that have one."""
    lo, hi = area_range(ground.city_code)
    homes = session.connection().execute(_HOMES, {"lo": lo, "hi": hi}).all()
    by_code = {home.code: home for home in homes}
    by_name: dict[str, list[Any]] = {}
    for home in homes:
        by_name.setdefault(natural_name(home.name), []).append(home)
    placed = []
    for row in rows:
        code, name = row.values.get("facility_code"), row.values.get("facility_name")
        found = [by_code[code]] if code in by_code else by_name.get(natural_name(name or ""), []) if not code else []
        if len(found) != 1:
            told = (code or name or "")[:40]
            row.find("unknown_facility", f"没有登记设施“{told}”，或不止一处", "facility_code")
            continue
        row.values["home"] = found[0]
        row.area_code = found[0].area_code
        if not ground.lo <= found[0].area_code <= ground.hi:
            row.find("outside_office", "这处设施不在您的辖区", "facility_code")
        placed.append(row)
    return placed


_LEVEL = text(
    "INSERT INTO bed_care_level (bed_id, area_code, level, during, recorded_by, recorded_at)"
    " SELECT b.id, b.area_code, :level, daterange(b.opened_on, NULL), :by, :now FROM bed b"
    " WHERE b.facility_id = :home AND b.label = :label"
    " AND NOT EXISTS (SELECT FROM bed_care_level l WHERE l.bed_id = b.id)"
)


def _write_levels(session: Session, now: datetime, actor: Actor, rows: list[Row]) -> None:
    """Keep for whom a bed is, where nothing was said of it yet; a change of level has its own day and its own act."""
    told = [
        {
            "level": row.values["care_level"], "home": row.values["home"].id, "label": row.values["label"],
            "by": actor.person_id, "now": now,
        }
        for row in rows
        if row.values.get("care_level") and row.values.get("label")
    ]  # fmt: skip
    if told:
        session.connection().execute(_LEVEL, told)


def _standing(session: Session, homes: list[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    query = select(_bed).where(_bed.c.facility_id.in_(sorted(set(homes)))).order_by(_bed.c.label)
    for bed in session.connection().execute(query):
        found.setdefault(bed.facility_id, []).append(bed)
    return found


def _check_numbers(row: Row, standing: int) -> None:
    told = row.values
    if told.get("opened_on") is None and told["home"].opened_on is None:
        row.find("missing_field", "没有启用日期，设施也没有开业日期", "opened_on")
    begins, ends = told.get("opened_on"), told.get("closed_on")
    if begins and ends and ends < begins:
        row.find("bad_cell", "停用日期早于启用日期", "closed_on")
    if told.get("label"):
        return
    if told.get("beds") is None:
        row.find("missing_field", "须写床号，或写床位数", "label")
        return
    if told["beds"] > MOST_BEDS:
        row.find("bad_cell", f"床位数超过{MOST_BEDS}", "beds")
    if max(told.get("nursing_beds") or 0, told.get("dementia_beds") or 0) > told["beds"]:
        row.find("bad_cell", "护理型或认知症床位多于床位数", "nursing_beds")
    if told["beds"] < standing:
        row.find(
            "fewer_beds", f"名录{told['beds']}张，已登记{standing}张；请逐张写明停用的床位", "beds", standing=standing
        )


def _one_bed(row: Row, before: dict[str, Any]) -> list[dict[str, Any]]:
    told, known = row.values, before.get(row.values["label"])
    kept = {name: getattr(known, name) if known is not None else None for name in (*_FLAGS, *_DATES, "kind")}
    return [
        {
            "facility_id": told["home"].id,
            "area_code": told["home"].area_code,
            "label": told["label"],
            "kind": told.get("kind") or kept["kind"] or "institution",
            **{name: told[name] if told.get(name) is not None else bool(kept[name]) for name in _FLAGS},
            **{name: told.get(name) or kept[name] for name in _DATES},
            "opened_on": told.get("opened_on") or kept["opened_on"] or told["home"].opened_on,
        }
    ]


def _many_beds(row: Row, before: dict[str, Any], today: date) -> list[dict[str, Any]]:
    """A home's numbers as beds 001, 002, ...: beds that stand stay, the missing ones are added behind them."""
    told = row.values
    labels = sorted(label for label, bed in before.items() if bed.closed_on is None)
    number = 0
    while len(labels) < told["beds"]:
        number += 1
        if f"{number:03d}" not in before and f"{number:03d}" not in labels:
            labels.append(f"{number:03d}")
    rows = []
    nursing = _first_of(labels, before, "nursing_from", told.get("nursing_beds"))
    dementia = _first_of(labels[::-1], before, "dementia", told.get("dementia_beds"))
    opened = told.get("opened_on") or told["home"].opened_on
    for label in labels:
        known = before.get(label)
        since = known.nursing_from if known is not None else None
        fresh = told.get("nursing_from") or (today if known is not None else opened)
        rows.append(
            {
                "facility_id": told["home"].id,
                "area_code": told["home"].area_code,
                "label": label,
                "kind": told.get("kind") or (known.kind if known is not None else "institution"),
                "nursing_from": since or (fresh if label in nursing else None),
                "dementia": label in dementia,
                "basic_guarantee": known.basic_guarantee if known is not None else False,
                "licensed_on": told.get("licensed_on") or (known.licensed_on if known is not None else None),
                "opened_on": known.opened_on if known is not None else opened,
            }
        )
    return rows


def _first_of(labels: list[str], before: dict[str, Any], flag: str, count: int | None) -> set[str]:
    """The beds that carry a flag: those that do already, then the first others until the count is reached."""
    marked = [label for label in labels if label in before and getattr(before[label], flag)]
    if count is None:
        return set(marked)
    others = [label for label in labels if label not in marked]
    return set(marked) | set(others[: max(0, count - len(marked))])
