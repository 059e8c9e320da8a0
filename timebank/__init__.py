"""The time bank's ledger: minutes an elder is owed or has given, and nothing about who she is.

One writer (`timebank.writer`), reads (`timebank.reader`), an auditor's recomputation (`timebank.verify`) and
daily seals (`timebank.seals`). Rules are held by PostgreSQL itself; docs/timebank.md says which by what.
"""
