"""The auditor's recomputation: every elder's and volunteer's minutes worked out again from the entries.

Nothing stored is believed: sums, balances, holds, sequences, chains, limits, pairs, snapshots and seals are
recomputed from the rows, also those that constraints already hold, so that a dropped constraint is found.
Needs SELECT on the schema (login `jobs`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session


@dataclass(frozen=True)
class BadRow:
    """The first row that does not hold: its table, its number, the rule it breaks and what was found."""

    table: str
    id: int
    rule: str
    account_id: int | None
    found: str | None
    expected: str | None


@dataclass(frozen=True)
class Verification:
    """Whether the books hold, the first bad row if not, and how much was looked at."""

    ok: bool
    first_bad: BadRow | None
    counts: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """Give what `bin/yinling timebank verify --json` prints."""
        return {
            "ok": self.ok,
            "first_bad": None if self.first_bad is None else asdict(self.first_bad),
            "transfers": self.counts["transfers"],
            "counts": self.counts,
        }


# Every entry in its account's chain, judged in one pass: the first rule an entry breaks is its own.
_CHAINED = """
WITH placed AS (
  SELECT f.account_id, f.id, f.seq, f.hash, f.recorded_at, f.posted, f.pending_out, f.pending_in,
    lag(f.seq, 1, 0::bigint) OVER w AS previous_seq,
    coalesce(lag(f.hash) OVER w, a.account_hash) AS previous_hash,
    lag(f.recorded_at) OVER w AS previous_at,
    sum(f.posted) OVER w AS posted_so_far,
    sum(f.pending_out) OVER w AS out_so_far,
    sum(f.pending_in) OVER w AS in_so_far,
    CASE WHEN l.id IS NULL THEN a.floor_minutes ELSE l.floor_minutes END AS floor_minutes,
    CASE WHEN l.id IS NULL THEN a.cap_minutes ELSE l.cap_minutes END AS cap_minutes
  FROM timebank.effect AS f JOIN timebank.account AS a ON a.id = f.account_id
  LEFT JOIN LATERAL (SELECT * FROM timebank.limit_change AS x WHERE x.account_id = a.id AND x.after_seq < f.seq
    ORDER BY x.id DESC LIMIT 1) AS l ON true
  WHERE a.floor_minutes IS NOT NULL OR a.cap_minutes IS NOT NULL
  WINDOW w AS (PARTITION BY f.account_id ORDER BY f.seq, f.id)),
hashed AS (
  SELECT p.*, sha256(p.previous_hash || timebank.transfer_bytes(t)) AS right_hash
  FROM placed AS p JOIN timebank.transfer AS t ON t.id = p.id),
judged AS (
  SELECT h.*, CASE
    WHEN h.seq IS DISTINCT FROM h.previous_seq + 1 THEN 'sequence without gap'
    WHEN h.hash IS DISTINCT FROM h.right_hash THEN 'hash chain'
    WHEN h.recorded_at < h.previous_at THEN 'recorded in order'
    WHEN h.posted_so_far - h.out_so_far < h.floor_minutes THEN 'floor'
    WHEN h.posted_so_far + h.in_so_far > h.cap_minutes THEN 'cap' END AS rule
  FROM hashed AS h)
SELECT id, account_id, rule,
  CASE rule WHEN 'sequence without gap' THEN seq::text WHEN 'hash chain' THEN encode(hash, 'hex')
    WHEN 'recorded in order' THEN recorded_at::text WHEN 'floor' THEN (posted_so_far - out_so_far)::text
    ELSE (posted_so_far + in_so_far)::text END AS found,
  CASE rule WHEN 'sequence without gap' THEN (previous_seq + 1)::text WHEN 'hash chain' THEN encode(right_hash, 'hex')
    WHEN 'recorded in order' THEN previous_at::text WHEN 'floor' THEN floor_minutes::text
    ELSE cap_minutes::text END AS expected
FROM judged WHERE rule IS NOT NULL
"""

# (rule, table, query giving id, account_id, found, expected of bad rows; without a rule it names that too)
CHECKS: tuple[tuple[str, str, str], ...] = (
    (
        "account as opened",
        "account",
        "SELECT a.id, a.id AS account_id, encode(a.account_hash, 'hex') AS found,"
        " encode(sha256(timebank.account_bytes(a)), 'hex') AS expected FROM timebank.account AS a"
        " WHERE a.account_hash <> sha256(timebank.account_bytes(a))",
    ),
    ("", "transfer", _CHAINED),
    (
        "no chain on an unfloored account",
        "transfer",
        "SELECT f.id, f.account_id, f.seq::text AS found, NULL AS expected FROM timebank.effect AS f"
        " JOIN timebank.account AS a ON a.id = f.account_id WHERE a.floor_minutes IS NULL"
        " AND a.cap_minutes IS NULL AND (f.seq IS NOT NULL OR f.hash IS NOT NULL)",
    ),
    (
        "accounts of this bank and kind",
        "transfer",
        "SELECT t.id, t.debit_account_id AS account_id, t.debit_kind || ' > ' || t.credit_kind AS found,"
        " d.kind || ' > ' || c.kind AS expected FROM timebank.transfer AS t"
        " LEFT JOIN timebank.account AS d ON d.id = t.debit_account_id AND d.ledger = t.ledger"
        " LEFT JOIN timebank.account AS c ON c.id = t.credit_account_id AND c.ledger = t.ledger"
        " WHERE d.kind IS DISTINCT FROM t.debit_kind OR c.kind IS DISTINCT FROM t.credit_kind",
    ),
    (
        "pair allowed",
        "transfer",
        "SELECT t.id, t.debit_account_id AS account_id,"
        " t.entry_type || ': ' || t.debit_kind || ' > ' || t.credit_kind AS found, NULL AS expected"
        " FROM timebank.transfer AS t LEFT JOIN timebank.entry_pair AS p USING (entry_type,"
        " debit_kind, credit_kind)"
        " WHERE p.entry_type IS NULL",
    ),
    (
        "well-formed transfer",
        "transfer",
        "SELECT id, debit_account_id AS account_id, concat_ws(' ', phase, coin_minutes, service_minutes,"
        " entry_type, event_at) AS found, NULL AS expected FROM timebank.transfer WHERE coin_minutes <= 0"
        " OR coin_minutes > 1000000000000 OR service_minutes < 0 OR service_minutes > 1000000000000"
        " OR debit_account_id = credit_account_id OR event_at > recorded_at"
        " OR phase NOT IN ('single', 'pending', 'post', 'void')"
        " OR (phase IN ('post', 'void')) <> (pending_id IS NOT NULL)"
        " OR (entry_type = 'reversal') <> (reverses_id IS NOT NULL)"
        " OR (subject_type IS NULL) <> (subject_id IS NULL) OR length(key) NOT BETWEEN 1 AND 200",
    ),
    (
        "key used once",
        "transfer",
        "SELECT max(id) AS id, NULL::bigint AS account_id, key AS found, min(id)::text AS expected"
        " FROM timebank.transfer GROUP BY ledger, key HAVING count(*) > 1",
    ),
    (
        "one entry of a type a subject",
        "transfer",
        "SELECT max(id) AS id, NULL::bigint AS account_id, concat_ws(' ', subject_type,"
        " subject_id, entry_type)"
        " AS found, min(id)::text AS expected FROM timebank.transfer WHERE subject_id IS NOT NULL AND"
        " pending_id IS NULL GROUP BY subject_type, subject_id, entry_type HAVING count(*) > 1",
    ),
    (
        "resolved once",
        "transfer",
        "SELECT max(id) AS id, NULL::bigint AS account_id, pending_id::text AS found,"
        " min(id)::text AS expected"
        " FROM timebank.transfer WHERE pending_id IS NOT NULL GROUP BY pending_id HAVING count(*) > 1",
    ),
    (
        "resolution matches its pending transfer",
        "transfer",
        "SELECT r.id, r.debit_account_id AS account_id, r.coin_minutes::text AS found, p.coin_minutes::text"
        " AS expected FROM timebank.transfer AS r LEFT JOIN timebank.transfer AS p ON p.id = r.pending_id"
        " WHERE r.pending_id IS NOT NULL AND (p.phase, p.ledger, p.debit_account_id, p.credit_account_id,"
        " p.coin_minutes, p.service_minutes, p.entry_type) IS DISTINCT FROM ('pending', r.ledger,"
        " r.debit_account_id, r.credit_account_id, r.coin_minutes, r.service_minutes, r.entry_type)",
    ),
    (
        "reversal answers its original",
        "transfer",
        "SELECT max(r.id) AS id, NULL::bigint AS account_id, sum(r.coin_minutes)::text AS found,"
        " max(o.coin_minutes)::text AS expected FROM timebank.transfer AS r"
        " LEFT JOIN timebank.transfer AS o ON o.id = r.reverses_id WHERE r.reverses_id IS NOT NULL"
        " GROUP BY r.reverses_id HAVING sum(r.coin_minutes) IS DISTINCT FROM max(o.coin_minutes)"
        " OR bool_or(r.credit_account_id <> o.debit_account_id)",
    ),
    (
        "balance is the sum of its entries",
        "balance",
        "SELECT a.id, a.id AS account_id, concat_ws(' ', b.posted, b.pending_out, b.pending_in) AS found,"
        " concat_ws(' ', coalesce(e.posted, 0), coalesce(e.pending_out, 0),"
        " coalesce(e.pending_in, 0)) AS expected"
        " FROM timebank.account AS a LEFT JOIN timebank.balance AS b ON b.account_id = a.id LEFT JOIN ("
        "SELECT account_id, sum(posted) AS posted, sum(pending_out) AS pending_out,"
        " sum(pending_in) AS pending_in"
        " FROM timebank.effect GROUP BY account_id) AS e ON e.account_id = a.id"
        " WHERE (a.floor_minutes IS NOT NULL OR a.cap_minutes IS NOT NULL) AND (b.posted, b.pending_out,"
        " b.pending_in) IS DISTINCT FROM (coalesce(e.posted, 0), coalesce(e.pending_out, 0),"
        " coalesce(e.pending_in, 0))",
    ),
    (
        "balance stands at the head of its chain",
        "balance",
        "SELECT b.account_id AS id, b.account_id, b.last_seq::text AS found, e.seq::text AS expected"
        " FROM timebank.balance AS b JOIN timebank.account AS a ON a.id = b.account_id"
        " LEFT JOIN LATERAL (SELECT f.seq, f.hash, f.recorded_at FROM timebank.effect AS f"
        " WHERE f.account_id = a.id ORDER BY f.id DESC LIMIT 1) AS e ON true"
        " WHERE (b.last_seq, b.last_hash, b.last_recorded_at) IS DISTINCT FROM"
        " (coalesce(e.seq, 0), coalesce(e.hash, a.account_hash), coalesce(e.recorded_at, a.created_at))",
    ),
    (
        "limits as opened or decided",
        "balance",
        "SELECT b.account_id AS id, b.account_id, concat_ws(' ', b.floor_minutes, b.cap_minutes, b.daily_cap_minutes)"
        " AS found, concat_ws(' ', l.floor_minutes, l.cap_minutes, l.daily_cap_minutes) AS expected"
        " FROM timebank.balance AS b JOIN LATERAL (SELECT x.floor_minutes, x.cap_minutes, x.daily_cap_minutes, x.id"
        " FROM timebank.limit_change AS x WHERE x.account_id = b.account_id UNION ALL"
        " SELECT a.floor_minutes, a.cap_minutes, NULL, 0 FROM timebank.account AS a WHERE a.id = b.account_id"
        " ORDER BY id DESC LIMIT 1) AS l ON true WHERE (b.floor_minutes, b.cap_minutes, b.daily_cap_minutes)"
        " IS DISTINCT FROM (l.floor_minutes, l.cap_minutes, l.daily_cap_minutes)",
    ),
    (
        "decisions on limits are chained",
        "limit_change",
        "SELECT * FROM (SELECT x.id, x.account_id, encode(x.hash, 'hex') AS found, encode(sha256(coalesce(lag(x.hash) OVER w,"
        " a.account_hash) || coalesce(e.hash, a.account_hash) || timebank.limit_change_bytes(x)), 'hex') AS expected"
        " FROM timebank.limit_change AS x JOIN timebank.account AS a ON a.id = x.account_id"
        " LEFT JOIN LATERAL (SELECT f.hash FROM timebank.effect AS f WHERE f.account_id = a.id"
        " AND f.seq = x.after_seq LIMIT 1) AS e ON true WINDOW w AS (PARTITION BY x.account_id ORDER BY x.id)) AS chained"
        " WHERE found <> expected",
    ),
    (
        "days counted as earned",
        "earned_day",
        "SELECT e.account_id AS id, e.account_id, e.day || ': ' || e.minutes AS found,"
        " e.day || ': ' || timebank.earned_on(e.account_id, e.day) || ' of ' || e.cap_minutes AS expected"
        " FROM timebank.earned_day AS e"
        " WHERE e.minutes <> timebank.earned_on(e.account_id, e.day) OR e.minutes > e.cap_minutes",
    ),
    (
        "minutes cross with both legs",
        "transfer",
        "SELECT t.id, t.debit_account_id AS account_id, t.entry_type || ' ' || t.phase AS found,"
        " concat_ws(' ', act.key, g.coin_minutes, c.coin_minutes) AS expected FROM timebank.transfer AS t"
        " LEFT JOIN timebank.clearing_act AS act ON coalesce(t.pending_id, t.id) IN (act.out_transfer_id,"
        " act.in_transfer_id) LEFT JOIN timebank.transfer AS g ON g.id = act.out_transfer_id"
        " LEFT JOIN timebank.transfer AS c ON c.id = act.in_transfer_id"
        " LEFT JOIN timebank.transfer AS gr ON gr.pending_id = g.id"
        " LEFT JOIN timebank.transfer AS cr ON cr.pending_id = c.id"
        " WHERE t.entry_type = 'clearing' AND (act.key IS NULL OR (g.ledger, g.coin_minutes, g.phase, gr.phase)"
        " IS DISTINCT FROM (act.from_ledger, act.minutes, c.phase, cr.phase)"
        " OR (c.ledger, c.coin_minutes) IS DISTINCT FROM (act.to_ledger, act.minutes))",
    ),
    (
        "two banks owe each other the same",
        "correspondent",
        "SELECT c.account_id AS id, c.account_id, concat_ws(' ', b.posted, b.pending_out, b.pending_in) AS found,"
        " concat_ws(' ', -p.posted, p.pending_in, p.pending_out) AS expected FROM timebank.correspondent AS c"
        " LEFT JOIN timebank.correspondent AS o ON o.ledger = c.peer_ledger AND o.peer_ledger = c.ledger"
        " LEFT JOIN timebank.balance AS b ON b.account_id = c.account_id"
        " LEFT JOIN timebank.balance AS p ON p.account_id = o.account_id"
        " WHERE (b.posted, b.pending_out, b.pending_in) IS DISTINCT FROM (-p.posted, p.pending_in, p.pending_out)",
    ),
    (
        "holds are the unresolved transfers",
        "balance",
        "WITH held AS (SELECT p.debit_account_id, p.credit_account_id, p.coin_minutes FROM timebank.transfer AS p"
        " WHERE p.phase = 'pending' AND NOT EXISTS (SELECT 1 FROM timebank.transfer AS r WHERE r.pending_id = p.id))"
        " SELECT b.account_id AS id, b.account_id, concat_ws(' ', b.pending_out, b.pending_in) AS found,"
        " concat_ws(' ', coalesce(d.minutes, 0), coalesce(c.minutes, 0)) AS expected FROM timebank.balance AS b"
        " LEFT JOIN (SELECT debit_account_id, sum(coin_minutes) AS minutes FROM held GROUP BY 1) AS d"
        " ON d.debit_account_id = b.account_id"
        " LEFT JOIN (SELECT credit_account_id, sum(coin_minutes) AS minutes FROM held GROUP BY 1) AS c"
        " ON c.credit_account_id = b.account_id"
        " WHERE (b.pending_out, b.pending_in) IS DISTINCT FROM (coalesce(d.minutes, 0), coalesce(c.minutes, 0))",
    ),
    (
        "snapshot is the sum up to its transfer",
        "balance_snapshot",
        "SELECT s.account_id AS id, s.account_id, s.posted::text AS found, e.posted::text AS expected"
        " FROM timebank.balance_snapshot AS s JOIN LATERAL (SELECT coalesce(sum(f.posted), 0) AS posted,"
        " coalesce(sum(f.pending_out), 0) AS pending_out, coalesce(sum(f.pending_in), 0) AS pending_in,"
        " max(f.recorded_at) AS covers_until FROM timebank.effect AS f"
        " WHERE f.account_id = s.account_id AND f.id <= s.upto_id) AS e ON true"
        " WHERE (s.posted, s.pending_out, s.pending_in, s.covers_until) IS DISTINCT FROM"
        " (e.posted, e.pending_out, e.pending_in, e.covers_until)",
    ),
    (
        "seal matches the entries under it",
        "seal",
        "SELECT s.seal_number AS id, NULL::bigint AS account_id, encode(s.root, 'hex') AS found,"
        " encode(sha256(convert_to(again.content, 'UTF8')), 'hex') AS expected FROM timebank.seal AS s"
        " LEFT JOIN timebank.seal AS p ON p.ledger = s.ledger AND p.seal_number = s.seal_number - 1"
        " CROSS JOIN LATERAL (SELECT timebank.seal_content(s.ledger, s.seal_number, p.root, s.upto_id,"
        " s.upto_account_id, s.upto_limit_change_id) AS content) AS again WHERE s.content <> again.content"
        " OR s.root <> sha256(convert_to(again.content, 'UTF8'))",
    ),
)

_COUNTS = text(
    "SELECT (SELECT count(*) FROM timebank.transfer) AS transfers,"
    " (SELECT count(*) FROM timebank.account) AS accounts,"
    " (SELECT count(*) FROM timebank.balance) AS balances,"
    " (SELECT count(*) FROM timebank.balance_snapshot) AS snapshots,"
    " (SELECT count(*) FROM timebank.seal) AS seals"
)
_TABLE_ORDER = (
    "transfer", "account", "limit_change", "balance", "earned_day", "correspondent", "balance_snapshot", "seal",
)  # fmt: skip


def verify(session: Session) -> Verification:
    """Recompute the ledger from its entries and name the first row that does not hold.

    First means: the bad transfer with the lowest number; if no transfer is bad, the account, balance,
    snapshot or seal with the lowest number.
    """
    bad = [row for rule, table, query in CHECKS if (row := _first(session, rule, table, query)) is not None]
    bad.sort(key=lambda row: (_TABLE_ORDER.index(row.table), row.id))
    counts = dict(session.execute(_COUNTS).mappings().one())
    return Verification(ok=not bad, first_bad=bad[0] if bad else None, counts=counts)


def _first(session: Session, rule: str, table: str, query: str) -> BadRow | None:
    # materialized: a planner that sees the LIMIT hopes for an early bad row and compares each row with every other
    sought = text(f"WITH bad AS MATERIALIZED ({query}) SELECT * FROM bad ORDER BY id LIMIT 1")
    found = session.execute(sought).mappings().one_or_none()
    if found is None:
        return None
    return BadRow(
        table=table,
        id=found["id"],
        rule=rule or found["rule"],
        account_id=found["account_id"],
        found=found["found"],
        expected=found["expected"],
    )
