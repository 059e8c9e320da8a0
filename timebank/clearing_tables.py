"""Tables of clearing: 李老师's minutes from 玄武 are honoured in 鼓楼, and both banks know who owes whom."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from timebank.tables import SCHEMA, UTC_TIME


class Correspondent(SQLModel, table=True):
    """Two banks honour each other's minutes: a bank's clearing account with one peer, capped both ways.

    Two rows a pair, one for each side. Settling moves what is owed between the clearing account and
    `issuance_account_id` of the same bank.
    """

    __tablename__ = "correspondent"
    __table_args__ = (
        UniqueConstraint("account_id", name="correspondent_account_id_key"),
        ForeignKeyConstraint(
            ["account_id", "ledger", "kind"],
            [f"{SCHEMA}.account.id", f"{SCHEMA}.account.ledger", f"{SCHEMA}.account.kind"],
            name="correspondent_account_fkey",
        ),
        ForeignKeyConstraint(
            ["issuance_account_id", "ledger", "issuance_kind"],
            [f"{SCHEMA}.account.id", f"{SCHEMA}.account.ledger", f"{SCHEMA}.account.kind"],
            name="correspondent_issuance_fkey",
        ),
        CheckConstraint("ledger <> peer_ledger", name="correspondent_not_oneself_check"),
        CheckConstraint("kind = 'clearing' AND issuance_kind = 'issuance'", name="correspondent_kinds_check"),
        {"schema": SCHEMA},
    )
    ledger: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    peer_ledger: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    account_id: int = Field(sa_type=BigInteger)
    kind: str = Field(sa_type=Text)
    issuance_account_id: int = Field(sa_type=BigInteger)
    issuance_kind: str = Field(sa_type=Text)
    opened_at: datetime = Field(sa_type=UTC_TIME)


class ClearingAct(SQLModel, table=True):
    """One act between two banks: the transfer in the giving bank and its twin in the receiving one.

    `purpose` send: a person's minutes cross; settle: what one bank owes the other moves into their issuance.
    """

    __tablename__ = "clearing_act"
    __table_args__ = (
        UniqueConstraint("out_transfer_id", name="clearing_act_out_transfer_id_key"),
        UniqueConstraint("in_transfer_id", name="clearing_act_in_transfer_id_key"),
        ForeignKeyConstraint(["out_transfer_id"], [f"{SCHEMA}.transfer.id"], name="clearing_act_out_transfer_id_fkey"),
        ForeignKeyConstraint(["in_transfer_id"], [f"{SCHEMA}.transfer.id"], name="clearing_act_in_transfer_id_fkey"),
        ForeignKeyConstraint(
            ["from_ledger", "to_ledger"],
            [f"{SCHEMA}.correspondent.ledger", f"{SCHEMA}.correspondent.peer_ledger"],
            name="clearing_act_correspondent_fkey",
        ),
        CheckConstraint("purpose IN ('send', 'settle')", name="clearing_act_purpose_check"),
        {"schema": SCHEMA},
    )
    from_ledger: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    key: str = Field(sa_type=Text, primary_key=True)
    to_ledger: int = Field(sa_type=BigInteger)
    purpose: str = Field(sa_type=Text)
    minutes: int = Field(sa_type=BigInteger)
    out_transfer_id: int = Field(sa_type=BigInteger)
    in_transfer_id: int = Field(sa_type=BigInteger)
    recorded_at: datetime = Field(sa_type=UTC_TIME)
