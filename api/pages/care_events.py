"""What happened around an elder, line by line and in words: tries, visits, signs of risk, unanswered doors, orders."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from api.pages.care_group_words import ending_words, groups_in_words
from api.pages.filters import as_written, full_date
from api.pages.house_words import said
from api.pages.languages import translate
from api.pages.officer_office import Office, relation_words
from services.clock import SHANGHAI
from services.people.queries import names_of
from services.visits.case_file import CaseEvent, CaseFile
from services.visits.escalations import RESOLUTIONS


def channel_words() -> dict[str, str]:
    """Give how one may try to see an elder, in words."""
    return {
        "home": translate("上门"),
        "phone": translate("打电话"),
        "video": translate("视频"),
        "neighbour": translate("问邻居"),
        "volunteer": translate("志愿者去"),
        "device": translate("设备"),
    }


def outcome_words() -> dict[str, str]:
    """Give what came of a try, in words; only the first two count as having met her."""
    return {
        "seen": translate("见到了本人"),
        "spoken": translate("和本人通上话"),
        "no_answer": translate("没人应"),
        "refused": translate("本人不愿意"),
        "hospital": translate("在医院"),
        "moved": translate("搬走了"),
        "died": translate("已去世"),
    }


def _relation(told: str) -> str:
    """Give a relation of the register in the reader's language, one that somebody wrote herself as she wrote it."""
    words = relation_words(told)
    return words if words != told else as_written(told)


def case_facts(office: Office, file: CaseFile) -> list[tuple[str, str]]:
    """Give what the file knows of her needs and of who stands beside her, as (what, words)."""
    classes = {one.code: one.name for one in office.rules.visit_classes}
    contacts = Markup(translate("；")).join(
        Markup("{} {}").format(as_written(name), _relation(relation)) for name, relation in file.contacts
    )
    return [
        (translate("对象类别"), groups_in_words(file.groups)),
        (
            translate("风险"),
            classes.get(file.visit_class, file.visit_class) if file.visit_class else translate("不在名单上"),
        ),
        (translate("列入"), full_date(file.since) if file.since else ""),
        (translate("网格"), as_written(file.grid_name or "")),
        (translate("路远"), translate("是，电话也算") if file.far else ""),
        (translate("能力等级"), str(file.care_level)),
        (translate("家属"), contacts),
        (translate("紧急联系人"), as_written(file.emergency_name or "")),
        (translate("以前的名单"), Markup(translate("；")).join(_duty(row) for row in file.duties if row.ended_on)),
    ]


def _duty(row: Any) -> str:
    return translate("%(since)s到%(until)s，%(why)s") % {
        "since": full_date(row.since),
        "until": full_date(row.ended_on),
        "why": ending_words().get(row.end_reason, row.end_reason or ""),
    }


def case_events(office: Office, file: CaseFile) -> list[dict[str, Any]]:
    """Give the year's events of an elder for the timeline, newest first."""
    people = names_of(office.work.session, sorted({one.who for one in file.events if one.who is not None}))
    return [
        {
            "happened_at": one.happened_at,
            "words": _WORDS[one.kind](one),
            "more": _more(one, people.get(one.who or 0, "")),
            "tone": _tone(one),
        }
        for one in file.events
    ]


def _attempt(one: CaseEvent) -> str:
    how, what = channel_words().get(one.what, one.what), outcome_words().get(one.state, one.state)
    return translate("%(how)s：%(what)s") % {"how": how, "what": what}


def _visit(one: CaseEvent) -> str:
    states = {
        "planned": translate("约好上门"),
        "started": translate("正在家里"),
        "finished": translate("上门做完了"),
        "missed": translate("这次上门不算"),
    }
    return states.get(one.state, one.state)


def _risk(one: CaseEvent) -> str:
    return translate("上门时发现：%(what)s") % {"what": as_written(one.what)}


def _door(one: CaseEvent) -> str:
    if one.state == "open":
        return translate("没人应，还在找")
    return translate("没人应，后来：%(what)s") % {"what": said(RESOLUTIONS.get(one.state, one.state))}


def _order(one: CaseEvent) -> str:
    return translate("订了%(what)s") % {"what": as_written(one.what or "")}


_WORDS = {"attempt": _attempt, "visit": _visit, "risk": _risk, "door": _door, "order": _order}


def _tone(one: CaseEvent) -> str:
    if one.kind == "attempt":
        return "ok" if one.state in ("seen", "spoken") else "bad" if one.state == "no_answer" else "info"
    if one.kind in ("risk", "door"):
        return "bad" if one.state == "open" else "ok"
    return "ok" if one.state in ("finished", "confirmed") else "info"


def _more(one: CaseEvent, who: str) -> str:
    told = [as_written(part) for part in (who, one.note) if part]
    if one.kind == "attempt" and one.also_at is not None and one.also_at - one.happened_at > timedelta(hours=1):
        told.append(translate("%(time)s 补记") % {"time": _moment(one.also_at)})
    return Markup(translate("；")).join(told)


def _moment(value: datetime) -> str:
    return f"{full_date(value)} {value.astimezone(SHANGHAI):%H:%M}"
