"""Why a grid, a task, a purchase or a leave could not be written down, and what to do instead."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class GridNotFound(NotFound):
    """No such grid, ended, or outside one's area."""

    message_zh = "没有这个网格，或者它已经停用。"


class NotYourGrid(NotAllowed):
    """Grids, tasks and purchases are the area's officers' and community workers'."""

    message_zh = "这件事由本辖区的民政干部或社区工作者办理。"


class BadGrid(Invalid):
    """A grid needs a name and lies in one community."""

    message_zh = "网格要有名字（60字以内），并且在一个社区或小区之内。"


class GridNameTaken(Conflict):
    """Another grid of this name stands in the community."""

    message_zh = "这个社区已经有同名的网格，请换个名字。"


class UnknownActorKind(Invalid):
    """No such kind of people, or not in this part."""

    message_zh = "请从列表里选上门人员的类别。"


class UnknownWorker(Invalid):
    """Nobody by this number, or nobody one may know."""

    message_zh = "没有找到这个人，或者您无权查看。"


class TaskNotFound(NotFound):
    """No such task, or it is not in one's hands."""

    message_zh = "没有这项探访任务，或者它不在您手上。"


class TaskSettled(Conflict):
    """The task is done or over; `state` says which."""

    message_zh = "这项探访任务已经办完或过期，不能再改派。"


class BadPurchase(Invalid):
    """A purchase names a provider, a contract, days and money."""

    message_zh = "请写全服务机构、合同号、起止日期、每次价格和预算；预算不能少于一次的价格。"


class BadAbsence(Invalid):
    """Leave has a first and a last day and somebody else who stands in."""

    message_zh = "请写清哪天到哪天，代办的人不能是本人。"


class AbsenceNotFound(NotFound):
    """No such leave, or it is somebody else's."""

    message_zh = "没有这条请假记录，或者不归您办理。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "visit_grid_one_name_idx": GridNameTaken,
    "visit_grid_outline_check": BadGrid,
    "visit_purchase_contract_key": BadPurchase,
    "visit_purchase_money_check": BadPurchase,
    "absence_dates_check": BadAbsence,
}
