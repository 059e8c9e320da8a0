"""Books of any size for the time bank's benchmark: loaded in bulk, and as true as if the writer had written them.

Every entry stands in its account's chain, every balance at the head of its chain: `bin/yinling timebank verify` holds on
them. Keys are numbers in no order, the worst an index of keys can be given.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

A_STEP = 1_000_000
"""Entries in one statement."""

_GROW = """
WITH RECURSIVE stand AS MATERIALIZED (SELECT coalesce(max(id), 0) AS top FROM timebank.transfer),
chain AS (
  SELECT b.account_id, b.last_seq AS seq, b.last_hash AS hash, 0 AS step, NULL::timebank.transfer AS t
  FROM timebank.balance AS b WHERE b.account_id BETWEEN %(first)s AND %(first)s + %(accounts)s - 1
  UNION ALL
  SELECT h.account_id, h.seq + 1, sha256(h.hash || timebank.transfer_bytes(n.t)), h.step + 1, n.t
  FROM chain AS h, stand AS s, LATERAL (
    SELECT ROW(s.top + h.step * %(accounts)s + h.account_id - %(first)s + 1, %(ledger)s, 'single', NULL,
      %(issuance)s, 'issuance', h.account_id, 'volunteer', 'earn', 1, 1, NULL,
      hashint8extended(s.top + h.step * %(accounts)s + h.account_id, 7)::text, sha256(int8send(s.top + h.step)),
      %(at)s, %(at)s, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::timebank.transfer AS t OFFSET 0) AS n
  WHERE h.step < %(steps)s)
INSERT INTO timebank.transfer (id, ledger, phase, debit_account_id, debit_kind, credit_account_id, credit_kind,
  entry_type, coin_minutes, service_minutes, key, request_hash, event_at, recorded_at, credit_seq, credit_hash)
SELECT (c.t).id, (c.t).ledger, (c.t).phase, (c.t).debit_account_id, (c.t).debit_kind, (c.t).credit_account_id,
  (c.t).credit_kind, (c.t).entry_type, (c.t).coin_minutes, (c.t).service_minutes, (c.t).key, (c.t).request_hash,
  (c.t).event_at, (c.t).recorded_at, c.seq, c.hash
FROM chain AS c WHERE c.step > 0
"""
_HEADS = """
UPDATE timebank.balance AS b SET posted = b.posted + %(steps)s, last_seq = t.credit_seq, last_hash = t.credit_hash,
  last_recorded_at = t.recorded_at
FROM timebank.transfer AS t
WHERE t.id > (SELECT max(id) - %(accounts)s FROM timebank.transfer) AND b.account_id = t.credit_account_id
"""
_INDEXES = """
SELECT c.relname, pg_get_indexdef(c.oid), k.conname, pg_get_constraintdef(k.oid)
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid LEFT JOIN pg_constraint AS k ON k.conindid = c.oid
  AND k.contype = 'u'
WHERE i.indrelid = 'timebank.transfer'::regclass AND NOT i.indisprimary
"""


def fill(connection: psycopg.Connection[Any], values: dict[str, int], accounts: int, size: int) -> None:
    """Bring the books to about `size` entries: hours earned from issuance, turn by turn through all accounts.

    `values`: ledger, issuance and the first account's number. Indexes are taken away before and built again after
    when much is missing. `connection` commits by itself and is the set-up login's.
    """
    missing = (size - _one(connection, "SELECT count(*) FROM timebank.transfer")) // accounts
    held = connection.execute(_INDEXES).fetchall() if missing * accounts >= A_STEP // 2 else []
    for name, _, constraint, _ in held:
        what = "ALTER TABLE timebank.transfer DROP CONSTRAINT {}" if constraint else "DROP INDEX timebank.{}"
        connection.execute(sql.SQL(what).format(sql.Identifier(constraint or name)))
    connection.execute("SET session_replication_role = replica")
    while missing > 0:
        steps = min(missing, A_STEP // accounts)
        at = connection.execute("SELECT max(last_recorded_at) FROM timebank.balance").fetchone()
        more = {**values, "accounts": accounts, "steps": steps, "at": at[0] if at else None}
        with connection.transaction():
            connection.execute(_GROW, more)
            connection.execute(_HEADS, more)
        missing -= steps
    connection.execute("RESET session_replication_role")
    connection.execute("SELECT setval('timebank.transfer_id_seq', max(id)) FROM timebank.transfer")
    connection.execute("SET maintenance_work_mem = '256MB'")
    for _, index, constraint, definition in held:
        again = f'ALTER TABLE timebank.transfer ADD CONSTRAINT "{constraint}" {definition}' if constraint else index
        connection.execute(again)
    connection.execute("VACUUM (ANALYZE) timebank.transfer")
    connection.execute("VACUUM (ANALYZE) timebank.balance")
    connection.execute("CHECKPOINT")


def sums(connection: psycopg.Connection[Any]) -> tuple[int, int, int]:
    """Give what the books show of themselves: entries, minutes issued, minutes held by all who have a balance."""
    return (
        _one(connection, "SELECT count(*) FROM timebank.transfer"),
        _one(connection, "SELECT sum(coin_minutes)::bigint FROM timebank.transfer WHERE debit_kind = 'issuance'"),
        _one(connection, "SELECT sum(posted)::bigint FROM timebank.balance"),
    )


def _one(connection: psycopg.Connection[Any], statement: Any) -> int:
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0
