"""ways to a provider: push, ranked, bureau, claim, alliance

Revision: 0015, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_alliance()
    make_alliance_member()
    make_dispatch_mode()
    make_bureau_task()
    make_care_order()
    make_offer()
    make_other()
    make_offer_more()


def make_alliance() -> None:
    """Make or change alliance."""
    op.create_table('alliance',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('city_code', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('name')
    )


def make_alliance_member() -> None:
    """Make or change alliance_member."""
    op.create_table('alliance_member',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('alliance_id', sa.BigInteger(), nullable=False),
    sa.Column('provider_id', sa.BigInteger(), nullable=False),
    sa.Column('joined_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['alliance_id'], ['alliance.id'], ),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('alliance_id', 'provider_id', name='alliance_member_once_key')
    )
    op.create_index(op.f('ix_alliance_member_provider_id'), 'alliance_member', ['provider_id'], unique=False)


def make_dispatch_mode() -> None:
    """Make or change dispatch_mode."""
    op.create_table('dispatch_mode',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('city_code', sa.BigInteger(), nullable=False),
    sa.Column('service_code', sa.Text(), nullable=True),
    sa.Column('mode', sa.Text(), nullable=False),
    sa.Column('alliance_id', sa.BigInteger(), nullable=True),
    sa.Column('clocks_rest', sa.Boolean(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(mode = 'alliance') = (alliance_id IS NOT NULL)", name='dispatch_mode_alliance_check'),
    sa.CheckConstraint("mode IN ('push', 'ranked', 'bureau', 'claim', 'alliance')", name='dispatch_mode_mode_check'),
    sa.ForeignKeyConstraint(['alliance_id'], ['alliance.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('dispatch_mode_one_a_day_idx', 'dispatch_mode', ['city_code', sa.literal_column("coalesce(service_code, '')"), 'valid_from'], unique=True)


def make_bureau_task() -> None:
    """Make or change bureau_task."""
    op.create_table('bureau_task',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('elder_id', sa.BigInteger(), nullable=False),
    sa.Column('area_code', sa.BigInteger(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('provider_id', sa.BigInteger(), nullable=True),
    sa.Column('decided_by', sa.BigInteger(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(state = 'assigned') = (provider_id IS NOT NULL)", name='bureau_task_assigned_to_check'),
    sa.CheckConstraint("state IN ('open', 'assigned', 'passed_on', 'closed')", name='bureau_task_state_check'),
    sa.ForeignKeyConstraint(['order_id'], ['care_order.id'], ),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('bureau_task_one_open_per_order_idx', 'bureau_task', ['order_id'], unique=True, postgresql_where=sa.text("state = 'open'"))
    op.create_index(op.f('ix_bureau_task_area_code'), 'bureau_task', ['area_code'], unique=False)
    op.create_index(op.f('ix_bureau_task_order_id'), 'bureau_task', ['order_id'], unique=False)


def make_care_order() -> None:
    """Make or change care_order."""
    op.add_column('care_order', sa.Column('offer_round', sa.Integer(), server_default='1', nullable=False))


def make_offer() -> None:
    """Make or change offer."""
    op.add_column('offer', sa.Column('mode', sa.Text(), server_default='ranked', nullable=False))
    op.add_column('offer', sa.Column('shared', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('offer', sa.Column('round', sa.Integer(), server_default='1', nullable=False))


def make_other() -> None:
    """Make or change other."""
    op.drop_constraint(op.f('offer_once_per_provider_key'), 'offer', type_='unique')


def make_offer_more() -> None:
    """Make or change offer."""
    op.create_unique_constraint('offer_once_per_provider_key', 'offer', ['order_id', 'provider_id', 'round'])
    op.drop_index('offer_one_open_per_order_idx', table_name='offer')
    op.create_index('offer_one_open_per_order_idx', 'offer', ['order_id'], unique=True, postgresql_where=sa.text("state = 'open' AND NOT shared"))
    op.create_check_constraint('offer_mode_check', 'offer', "mode IN ('push', 'ranked', 'bureau', 'claim', 'alliance')")
