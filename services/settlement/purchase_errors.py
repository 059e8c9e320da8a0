"""Why a contract, its money or its acceptance could not be written down."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class NotForBuyers(NotAllowed):
    """Contracts are kept by officers of the buyer's area."""

    message_zh = "政府购买合同由本辖区的民政干部办理。"


class ContractNotFound(NotFound):
    """No such contract or budget line, or it may not be seen."""

    message_zh = "没有这份合同或预算，或者您无权查看。"


class ContractIncomplete(Invalid):
    """A contract needs number, title, buyer, provider, days and a ceiling; facts: field."""

    message_zh = "请写全合同编号、名称、购买方、机构、起止日期和最高金额。"


class ContractTaken(Conflict):
    """The office has a contract of this number already."""

    message_zh = "这个合同编号已经登记过了。"


class ContractNotDraft(Conflict):
    """Prices and terms change while a contract is a draft; facts: state."""

    message_zh = "合同已经生效，单价和条款不能再改；预算可以写明原因调整。"


class ContractNotInForce(Conflict):
    """Only a contract in force is ended or accepted."""

    message_zh = "只有生效的合同可以终止或验收。"


class ContractNotReady(Conflict):
    """A contract comes into force with at least one price and one budget line."""

    message_zh = "生效前请先写服务单价和预算。"


class ContractOverlaps(Conflict):
    """Another contract in force covers a service of this provider on the same days."""

    message_zh = "这家机构的同一项服务，在这段日子已有另一份生效合同。"


class UnknownService(Invalid):
    """The catalogue has no such service."""

    message_zh = "服务目录里没有这项服务。"


class OverCeiling(Conflict):
    """The contract's budget lines together would be more than its ceiling."""

    message_zh = "各预算合计不能超过合同最高金额。"


class BudgetIncomplete(Invalid):
    """A budget line needs a year of the contract, the finance bureau's number, its funds and an amount."""

    message_zh = "请写全预算年度、科目编号、资金来源和金额，年度要在合同期内。"


class BudgetTaken(Conflict):
    """The contract has a budget of this year and number already."""

    message_zh = "这个年度的这个科目已经登记过了，请调整它的金额。"


class BudgetOverspent(Conflict):
    """A budget line never pays more than it holds; facts: budget."""

    message_zh = "预算余额不足，这笔钱不能从这里支出，也不能把预算调到已支出以下。"


class NotUnderContract(Conflict):
    """A line under a contract costs more than agreed, or has no budget of its year."""

    message_zh = "这笔服务超过合同单价，或者合同没有对应年度的预算。"


class AcceptanceIncomplete(Invalid):
    """Acceptance needs a period that is over and within the contract, a result and a note."""

    message_zh = "请写全验收的起止日期（在合同期内、已过完）、结论和说明。"


class WhyMissing(Invalid):
    """A change of money or an early end needs a reason of up to 200 characters."""

    message_zh = "请写明原因（200字以内）。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "purchase_contract_number_key": ContractTaken,
    "purchase_contract_draft_only_check": ContractNotDraft,
    "purchase_contract_overlap_check": ContractOverlaps,
    "purchase_contract_ready_check": ContractNotReady,
    "purchase_budget_ceiling_check": OverCeiling,
    "purchase_budget_one_key": BudgetTaken,
    "purchase_price_one_key": ContractTaken,
    "purchase_budget_not_overspent_check": BudgetOverspent,
    "settlement_line_under_contract_check": NotUnderContract,
}
