"""Vouchers: an elder's own, a city's in sum, and the issuer's statements of mirrored ones."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from api.deps import Work
from api.errors import problems
from api.schemas.vouchers import StatementIn, TakenOut, VoucherDifferenceOut, VoucherOut, VoucherSumOut
from services.benefits.issuing import Stated, hand_in_statement
from services.benefits.voucher_queries import voucher_differences, voucher_sums, vouchers_of_elder
from services.clock import civil_date
from services.payments.queries import check_money_office
from services.people.rights import right_to

router = APIRouter(prefix="/api/v1", tags=["vouchers"])
Id = Annotated[int, Path(ge=1, le=2**62)]


@router.get(
    "/elders/{elder_id}/vouchers",
    response_model=list[VoucherOut],
    responses=problems(401, 403, 404),
    summary="An elder's vouchers",
)
def elder_vouchers(work: Work, elder_id: Id) -> list[VoucherOut]:
    """Show an elder's vouchers with what is left, promised, used and lapsed of each, newest first."""
    right_to(work.session, work.actor, elder_id, "view", work.now)
    return [VoucherOut.model_validate(one, from_attributes=True) for one in vouchers_of_elder(work.session, elder_id)]


@router.get(
    "/voucher-sums", response_model=list[VoucherSumOut], responses=problems(401, 403), summary="Vouchers by kind"
)
def sums(work: Work) -> list[VoucherSumOut]:
    """Show the vouchers of the last months in an office's area, by kind and period."""
    check_money_office(work.actor)
    rows = voucher_sums(work.session, today=civil_date(work.now))
    return [VoucherSumOut.model_validate(one, from_attributes=True) for one in rows]


@router.post(
    "/voucher-statements",
    status_code=202,
    response_model=TakenOut,
    responses=problems(401, 403),
    summary="Hand in an issuer's statement",
)
def hand_in(work: Work, statement: StatementIn) -> TakenOut:
    """Take the national app's statement of mirrored vouchers; a job writes it down and lists each difference."""
    rows = [Stated(**row.model_dump()) for row in statement.rows]
    return TakenOut(rows=hand_in_statement(work.session, work.now, work.actor, rows, statement.stated_on))


@router.get(
    "/voucher-differences",
    response_model=list[VoucherDifferenceOut],
    responses=problems(401, 403),
    summary="Where the issuer and our books differ",
)
def differences(work: Work) -> list[VoucherDifferenceOut]:
    """Show the differences of an office's area, newest first."""
    check_money_office(work.actor)
    rows = voucher_differences(work.session)
    return [VoucherDifferenceOut.model_validate(row, from_attributes=True) for row in rows]
