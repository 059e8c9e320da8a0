"""places that can be used up, what an elder must not eat, and what is on the menu

Revision: 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    make_elder_diet()
    make_meal_dish()
    make_place_plan()
    make_place_slot()
    make_place_booking()


def make_elder_diet() -> None:
    """Make or change elder_diet."""
    op.create_table('elder_diet',
    sa.Column('elder_id', sa.BigInteger(), nullable=False),
    sa.Column('area_code', sa.BigInteger(), nullable=False),
    sa.Column('avoids_sealed', sa.Text(), nullable=False),
    sa.Column('said_by', sa.BigInteger(), nullable=True),
    sa.Column('said_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['elder_id'], ['person.id'], ),
    sa.PrimaryKeyConstraint('elder_id')
    )
    op.create_index(op.f('ix_elder_diet_area_code'), 'elder_diet', ['area_code'], unique=False)


def make_meal_dish() -> None:
    """Make or change meal_dish."""
    op.create_table('meal_dish',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('facility_id', sa.BigInteger(), nullable=False),
    sa.Column('provider_id', sa.BigInteger(), nullable=False),
    sa.Column('on_day', sa.Date(), nullable=False),
    sa.Column('name_zh', sa.Text(), nullable=False),
    sa.Column('name_en', sa.Text(), nullable=False),
    sa.Column('contains', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('facts', postgresql.JSONB(), nullable=False),
    sa.ForeignKeyConstraint(['facility_id'], ['facility.id'], ),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('facility_id', 'on_day', 'name_zh', name='meal_dish_once_a_day_key')
    )
    op.create_index(op.f('ix_meal_dish_provider_id'), 'meal_dish', ['provider_id'], unique=False)


def make_place_plan() -> None:
    """Make or change place_plan."""
    op.create_table('place_plan',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('provider_id', sa.BigInteger(), nullable=False),
    sa.Column('facility_id', sa.BigInteger(), nullable=False),
    sa.Column('service_code', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('weekdays', sa.ARRAY(sa.Text()), nullable=False),
    sa.Column('from_minute', sa.Integer(), nullable=False),
    sa.Column('to_minute', sa.Integer(), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=False),
    sa.Column('cut_off_days_before', sa.Integer(), nullable=False),
    sa.Column('cut_off_minute', sa.Integer(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('set_by', sa.BigInteger(), nullable=True),
    sa.Column('set_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('day_care', 'bath', 'meal_dine_in', 'meal_delivery')", name='place_plan_kind_check'),
    sa.CheckConstraint('capacity > 0', name='place_plan_capacity_check'),
    sa.CheckConstraint('cut_off_days_before >= 0 AND cut_off_minute BETWEEN 0 AND 1440 AND (cut_off_days_before > 0 OR cut_off_minute <= from_minute)', name='place_plan_closes_before_it_begins_check'),
    sa.CheckConstraint('from_minute >= 0 AND from_minute < to_minute AND to_minute <= 1440', name='place_plan_hours_check'),
    sa.CheckConstraint('valid_to >= valid_from', name='place_plan_ends_after_it_begins_check'),
    sa.ForeignKeyConstraint(['facility_id'], ['facility.id'], ),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], ),
    sa.ForeignKeyConstraint(['set_by'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_place_plan_facility_id'), 'place_plan', ['facility_id'], unique=False)
    op.create_index('place_plan_line_idx', 'place_plan', ['service_code', 'provider_id'], unique=False)


def make_place_slot() -> None:
    """Make or change place_slot."""
    op.create_table('place_slot',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('plan_id', sa.BigInteger(), nullable=False),
    sa.Column('provider_id', sa.BigInteger(), nullable=False),
    sa.Column('facility_id', sa.BigInteger(), nullable=False),
    sa.Column('service_code', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=False),
    sa.Column('taken', sa.Integer(), nullable=False),
    sa.CheckConstraint('closes_at <= starts_at AND starts_at < ends_at', name='place_slot_moments_check'),
    sa.CheckConstraint('taken BETWEEN 0 AND capacity', name='place_slot_never_oversold_check'),
    sa.ForeignKeyConstraint(['facility_id'], ['facility.id'], ),
    sa.ForeignKeyConstraint(['plan_id'], ['place_plan.id'], ),
    sa.ForeignKeyConstraint(['provider_id'], ['provider.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('plan_id', 'starts_at', name='place_slot_once_per_plan_key')
    )


def make_place_booking() -> None:
    """Make or change place_booking."""
    op.create_table('place_booking',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('slot_id', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('elder_id', sa.BigInteger(), nullable=False),
    sa.Column('area_code', sa.BigInteger(), nullable=False),
    sa.Column('provider_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('wish_sealed', sa.Text(), nullable=True),
    sa.Column('booked_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('held', 'used', 'released')", name='place_booking_state_check'),
    sa.ForeignKeyConstraint(['order_id'], ['care_order.id'], ),
    sa.ForeignKeyConstraint(['slot_id'], ['place_slot.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index(op.f('ix_place_booking_area_code'), 'place_booking', ['area_code'], unique=False)
    op.create_index(op.f('ix_place_booking_elder_id'), 'place_booking', ['elder_id'], unique=False)
    op.create_index('place_booking_one_per_order_idx', 'place_booking', ['order_id'], unique=True, postgresql_where=sa.text("state <> 'released'"))
    op.create_index('place_booking_provider_idx', 'place_booking', ['provider_id', 'booked_at'], unique=False)
    op.create_index('place_booking_slot_idx', 'place_booking', ['slot_id', 'state'], unique=False)
