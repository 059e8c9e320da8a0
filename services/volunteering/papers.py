"""What a volunteer takes away: a certificate or a statement, as paper, as a table, and as books others can check.

Every paper has a code. A stranger who scans it sees whether the paper is ours, over which days, the fingerprint of its
lines and the seal that covers them: no name, no number, nothing about anybody.
"""

from __future__ import annotations

import csv
import hashlib
import io
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, insert, select
from sqlmodel import Session

from services.acts import record_act
from services.cities.queries import city_of_area
from services.clock import civil_date, civil_midnight
from services.columns import table_of
from services.people.tables import Person
from services.unit_of_work import Actor
from services.volunteering.accounts import account_on
from services.volunteering.errors import BadDays, NoAccount, PaperNotFound, StatementNotYours
from services.volunteering.queries import StatementLine, VolunteerStatement, volunteer_statement
from services.volunteering.tables import HourPaper, Volunteer
from timebank.reader import read_statement

_paper, _person, _volunteer = table_of(HourPaper), table_of(Person), table_of(Volunteer)
Kind = Literal["certificate", "statement"]
COLUMNS = ("recorded_on", "happened_on", "what", "entry", "minutes", "balance_minutes", "service_minutes", "rules")
NOTHING = "0" * 64


@dataclass(frozen=True)
class PaperLine:
    """One entry that moved minutes, with the balance after it."""

    transfer_id: int
    recorded_on: date
    happened_on: date
    what: str
    entry: str
    minutes: int
    balance_minutes: int
    service_minutes: int
    rules: str


@dataclass(frozen=True)
class Paper:
    """A paper as it is written: whose, which days, its lines, and what makes it checkable."""

    code: str
    kind: Kind
    full_name: str
    passport_number: str
    from_day: date
    to_day: date
    issued_on: date
    opening_minutes: int
    closing_minutes: int
    served_minutes: int
    honour_minutes: int
    visits: int
    lines: list[PaperLine]
    fingerprint: str
    head_hash: str
    seal: PaperCheck


@dataclass(frozen=True)
class PaperCheck:
    """What a stranger learns from a code. `in_chain`: the ledger still holds the entry the paper ends with."""

    kind: str
    city_name_zh: str | None
    city_name_en: str | None
    from_day: date
    to_day: date
    issued_on: date
    fingerprint: str
    head_hash: str
    in_chain: bool
    seal_number: int | None
    seal_root: str | None
    sealed_at: datetime | None
    minutes_match: bool | None = None


def issue_paper(
    session: Session, now: datetime, actor: Actor, person_id: int, kind: Kind, from_day: date, to_day: date
) -> str:
    """Write down that a paper was handed out over both Shanghai days; give its code.

    To the volunteer and her community's office. Raises StatementNotYours, NoAccount, BadDays.
    """
    if not from_day <= to_day <= civil_date(now):
        raise BadDays(field="from_day")
    owner = session.connection().execute(
        select(_person.c.timebank_account_id, _volunteer.c.area_code)
        .join(_volunteer, _volunteer.c.person_id == _person.c.id)
        .where(_person.c.id == person_id)
    ).one_or_none()  # fmt: skip
    if owner is None or actor.read_only:
        raise StatementNotYours(person_id=person_id)
    if owner.timebank_account_id is None:
        raise NoAccount(person_id=person_id)
    account_id, area_code = account_on(session, person_id, owner.timebank_account_id, to_day), owner.area_code
    found = _whole(session, actor, person_id, from_day, to_day, account_id)
    lines = _lines(found)
    head, last = _head(session, account_id, to_day)
    code = secrets.token_urlsafe(12)
    served = session.connection().execute(
        select(
            func.hour_served(
                person_id, civil_midnight(from_day), civil_midnight(to_day + timedelta(days=1))
            ).table_valued("visits", "served_minutes", "honour_minutes")
        )
    ).one()  # fmt: skip
    session.connection().execute(
        insert(_paper).values(
            code=code, kind=kind, person_id=person_id, area_code=area_code,
            city_code=city_of_area(session, area_code), from_day=from_day, to_day=to_day, account_id=account_id,
            minutes=found.closing_minutes, fingerprint=fingerprint_of(found, lines), head_hash=head,
            upto_transfer_id=last, visits=served.visits, served_minutes=served.served_minutes,
            honour_minutes=served.honour_minutes, issued_by=actor.person_id, issued_at=now,
        )
    )  # fmt: skip
    record_act(
        session, now, actor, "issue_paper", for_person_id=person_id, area_code=area_code,
        facts={"kind": kind, "from_day": from_day.isoformat(), "to_day": to_day.isoformat()},
    )  # fmt: skip
    return code


def read_paper(session: Session, actor: Actor, code: str) -> Paper:
    """Give a paper to its owner or her community's office. Raises PaperNotFound."""
    row = session.connection().execute(select(_paper).where(_paper.c.code == code)).one_or_none()
    if row is None:
        raise PaperNotFound()
    found = _as_printed(
        _whole(session, actor, row.person_id, row.from_day, row.to_day, row.account_id), row.upto_transfer_id
    )
    name: str = (
        session.connection().execute(select(_person.c.full_name).where(_person.c.id == row.person_id)).scalar_one()
    )
    lines = _lines(found)
    earned = [line for line in lines if line.entry == "earn"]
    return Paper(
        code=code, kind=row.kind, full_name=name, passport_number=found.passport_number, from_day=row.from_day,
        to_day=row.to_day, issued_on=civil_date(row.issued_at), opening_minutes=found.opening_minutes,
        closing_minutes=found.closing_minutes,
        served_minutes=sum(line.service_minutes for line in earned) if row.visits is None else row.served_minutes,
        honour_minutes=row.honour_minutes or 0, visits=len(earned) if row.visits is None else row.visits, lines=lines,
        fingerprint=fingerprint_of(found, lines), head_hash=row.head_hash,
        seal=check_paper(session, code),
    )  # fmt: skip


def check_paper(session: Session, code: str, minutes: int | None = None) -> PaperCheck:
    """Tell a stranger what a code stands for. With the `minutes` printed on her paper: whether they are the true ones.

    Raises PaperNotFound.
    """
    names = (
        "kind", "city_name_zh", "city_name_en", "from_day", "to_day", "issued_on", "minutes", "fingerprint",
        "head_hash", "in_chain", "seal_number", "seal_root", "sealed_at",
    )  # fmt: skip
    found = session.connection().execute(select(func.check_paper(code).table_valued(*names))).one_or_none()
    if found is None:
        raise PaperNotFound()
    facts = {name: getattr(found, name) for name in names if name != "minutes"}
    facts["from_day"], facts["to_day"] = _day(found.from_day), _day(found.to_day)
    facts["issued_on"] = _day(found.issued_on)
    return PaperCheck(**facts, minutes_match=None if minutes is None else minutes == found.minutes)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _whole(
    session: Session, actor: Actor, person_id: int, from_day: date, to_day: date, account_id: int
) -> VolunteerStatement:
    """Every page of an account between two Shanghai days, as one."""
    lines: list[StatementLine] = []
    after = 0
    while True:
        page = volunteer_statement(
            session, actor, person_id, start=civil_midnight(from_day),
            end=civil_midnight(to_day + timedelta(days=1)), after_id=after, limit=1000, account_id=account_id,
        )  # fmt: skip
        lines += page.lines
        if page.next_after_id is None:
            break
        after = page.next_after_id
    return VolunteerStatement(**(page.__dict__ | {"lines": lines}))


def _as_printed(found: VolunteerStatement, last: int | None) -> VolunteerStatement:
    """Without what was written after the paper was handed out, on its last day."""
    lines = [line for line in found.lines if last is not None and line.transfer_id <= last]
    closing = found.opening_minutes + sum(line.posted_minutes for line in lines)
    return VolunteerStatement(**(found.__dict__ | {"lines": lines, "closing_minutes": closing}))


def _lines(found: VolunteerStatement) -> list[PaperLine]:
    """The entries that moved minutes; what was only held or given up is no line of a paper."""
    balance, lines = found.opening_minutes, []
    for line in found.lines:
        if not line.posted_minutes:
            continue
        balance += line.posted_minutes
        lines.append(
            PaperLine(
                line.transfer_id, civil_date(line.recorded_at), civil_date(line.event_at), line.title or "",
                line.entry_type, line.posted_minutes, balance, line.service_minutes, line.rule_version or "",
            )
        )  # fmt: skip
    return lines


def _head(session: Session, account_id: int, to_day: date) -> tuple[str, int | None]:
    """The last link of the account's chain up to a day, whatever it did."""
    row = read_statement(
        session, account_id, civil_midnight(date(2000, 1, 1)), civil_midnight(to_day + timedelta(days=1))
    )
    while row.next_after_id is not None:
        nextpage = read_statement(
            session, account_id, civil_midnight(date(2000, 1, 1)), civil_midnight(to_day + timedelta(days=1)),
            row.next_after_id, 1000,
        )  # fmt: skip
        if not nextpage.entries:
            break
        row = nextpage
    last = row.entries[-1] if row.entries else None
    return (bytes(last.hash).hex() if last is not None and last.hash else NOTHING), last.transfer_id if last else None


def fingerprint_of(found: VolunteerStatement, lines: list[PaperLine]) -> str:
    """Give the SHA-256 of a paper's content: the passport, both balances, and every line in order."""
    parts = [f"{found.passport_number}|{found.opening_minutes}|{found.closing_minutes}"]
    parts += [
        f"{one.transfer_id}|{one.recorded_on}|{one.happened_on}|{one.entry}|{one.minutes}|{one.rules}" for one in lines
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def as_csv(paper: Paper) -> str:
    """Write a paper as a table for a spreadsheet (with the mark that tells it UTF-8); minutes are whole."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for line in paper.lines:
        rows.writerow([_harmless(str(getattr(line, name))) for name in COLUMNS])
    return "\ufeff" + file.getvalue()


def _harmless(cell: str) -> str:
    """A title that begins like a formula would be one in a spreadsheet; a minus before digits is a number."""
    return "'" + cell if cell[:1] in "=+@\t\r" or (cell[:1] == "-" and not cell[1:].isdigit()) else cell


ACCOUNTS = {
    "earn": "Income:Service",
    "redeem": "Expenses:Redeemed",
    "gift": "Equity:Gifts",
    "donate": "Expenses:Donated",
    "overflow": "Expenses:Donated",
    "expiry": "Expenses:Expired",
    "inherit": "Equity:Inherited",
    "clearing": "Equity:OtherBanks",
    "clawback": "Expenses:Corrections",
    "reversal": "Income:Corrections",
}
OTHER_ACCOUNT = "Equity:Other"


def as_beancount(paper: Paper) -> str:
    """Write a paper as plain-text accounting: every line a balanced transaction, the closing asserted.

    Commodity MIN is one minute. `bean-check` accepts the file only when the lines lead from opening to closing.
    """
    mine = "Assets:TimeBank"
    used = sorted({ACCOUNTS.get(line.entry, OTHER_ACCOUNT) for line in paper.lines})
    out = [
        f'option "title" "{_quoted(paper.passport_number)} {paper.from_day} {paper.to_day}"',
        'option "operating_currency" "MIN"',
        f"; fingerprint {paper.fingerprint}",
        f"; head {paper.head_hash}",
    ]
    out += [f"{paper.from_day} open {name} MIN" for name in (mine, "Equity:Opening-Balances", *used)]
    if paper.opening_minutes:
        out += _entry(paper.from_day, "期初", "opening", mine, "Equity:Opening-Balances", paper.opening_minutes, None)
    for line in paper.lines:
        other = ACCOUNTS.get(line.entry, OTHER_ACCOUNT)
        out += _entry(line.recorded_on, line.what, line.entry, mine, other, line.minutes, line.transfer_id)
    out.append(f"{paper.to_day + timedelta(days=1)} balance {mine} {paper.closing_minutes} MIN")
    return "\n".join(out) + "\n"


def _entry(day: date, what: str, entry: str, mine: str, other: str, minutes: int, transfer_id: int | None) -> list[str]:
    named = [] if transfer_id is None else [f'  transfer: "{transfer_id}"']
    head = f'{day} * "{_quoted(entry)}" "{_quoted(what)}"'
    return [head, *named, f"  {mine}  {minutes} MIN", f"  {other}  {-minutes} MIN"]


def _quoted(words: str) -> str:
    return words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
