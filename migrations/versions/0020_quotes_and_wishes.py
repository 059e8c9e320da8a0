"""prices told before they are asked for, and whom an elder would like to come

Revision: 0020, after 0019.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_carer_wish()
    make_carer_language()
    make_quote()


def make_carer_wish() -> None:
    """Make or change carer_wish."""
    op.create_table('carer_wish',
    sa.Column('elder_id', sa.BigInteger(), nullable=False),
    sa.Column('area_code', sa.BigInteger(), nullable=False),
    sa.Column('gender', sa.Text(), nullable=True),
    sa.Column('languages', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('must', sa.Boolean(), nullable=False),
    sa.Column('said_by', sa.BigInteger(), nullable=True),
    sa.Column('said_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("gender IN ('female', 'male')", name='carer_wish_gender_check'),
    sa.ForeignKeyConstraint(['elder_id'], ['person.id'], ),
    sa.PrimaryKeyConstraint('elder_id')
    )
    op.create_index(op.f('ix_carer_wish_area_code'), 'carer_wish', ['area_code'], unique=False)


def make_carer_language() -> None:
    """Make or change carer_language."""
    op.create_table('carer_language',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('carer_id', sa.BigInteger(), nullable=False),
    sa.Column('provider_id', sa.BigInteger(), nullable=False),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('said_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['carer_id'], ['carer.person_id'], ),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('carer_id', 'language', name='carer_language_once_key')
    )
    op.create_index(op.f('ix_carer_language_provider_id'), 'carer_language', ['provider_id'], unique=False)


def make_quote() -> None:
    """Make or change quote."""
    op.create_table('quote',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('elder_id', sa.BigInteger(), nullable=False),
    sa.Column('area_code', sa.BigInteger(), nullable=False),
    sa.Column('service_code', sa.Text(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('provider_id', sa.BigInteger(), nullable=True),
    sa.Column('price_fen', sa.BigInteger(), nullable=False),
    sa.Column('self_fen', sa.BigInteger(), nullable=False),
    sa.Column('parts', postgresql.JSONB(), nullable=False),
    sa.Column('made_by', sa.BigInteger(), nullable=False),
    sa.Column('by_right', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_order_id', sa.BigInteger(), nullable=True),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('price_fen >= 0 AND self_fen >= 0 AND self_fen <= price_fen', name='quote_amounts_check'),
    sa.CheckConstraint('valid_until > made_at', name='quote_holds_for_a_while_check'),
    sa.ForeignKeyConstraint(['made_by'], ['person.id'], ),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], ),
    sa.ForeignKeyConstraint(['used_order_id'], ['care_order.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_quote_area_code'), 'quote', ['area_code'], unique=False)
    op.create_index(op.f('ix_quote_elder_id'), 'quote', ['elder_id'], unique=False)
