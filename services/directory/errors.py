"""Why a site or provider could not be found or taken over."""

from __future__ import annotations

from services.directory.planned_errors import BY_CONSTRAINT as OF_PLANNED
from services.directory.trust_errors import BY_CONSTRAINT as OF_TRUST
from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class UnknownFacility(NotFound):
    """No such site."""

    message_zh = "没有这个设施。"


class UnknownProvider(NotFound):
    """No such organisation."""

    message_zh = "没有这个服务机构。"


class UnknownCoordinates(Invalid):
    """The coordinate system was not named, or is none the house knows: half a kilometre is at stake."""

    message_zh = "必须写明坐标系：wgs84、gcj02、bd09 或 cgcs2000。"


class CityWithoutOutlines(Conflict):
    """No area of the city has an outline, so no point can be placed in a street."""

    message_zh = "这个城市还没有载入任何区划边界，无法判断设施在哪个街道。"


class NoFacilityChange(NotFound):
    """No such change of this site."""

    message_zh = "没有这次变更。"


class NotYourFacility(NotAllowed):
    """Only an officer or administrator changes a site, and only in her own area; facts: role, area_code."""

    message_zh = "只有本辖区的民政干部和系统管理员可以变更设施。"


class FacilityElsewhere(NotAllowed):
    """The new place lies outside the office's area; facts: lon, lat, area_code."""

    message_zh = "新位置不在您的辖区里；请核对坐标和坐标系，跨辖区的迁址请上级办理。"


class FacilityNotYetOpen(Conflict):
    """A site that opens on a later day cannot close before it; facts: opened_on."""

    message_zh = "这家机构还没到开办的日子，不能现在停办。"


class UnknownFunction(Invalid):
    """No city's rules know a function by that name; facts: functions."""

    message_zh = "规则包里没有这种功能。"


class ChangeKeyTaken(Conflict):
    """The same Idempotency-Key was used for another wish; facts: change_id."""

    message_zh = "这个 Idempotency-Key 已经用于另一次变更。"


class ChangeUndone(Conflict):
    """The change was taken back before, or the site was changed again since; facts: change_id."""

    message_zh = "这次变更已经撤回，或者之后又改过，不能再撤回。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    **OF_TRUST,
    **OF_PLANNED,
    "facility_change_one_a_key": ChangeKeyTaken,
    "facility_change_undone_once_key": ChangeUndone,
}
