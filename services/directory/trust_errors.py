"""Why a certificate, a credit level, a blacklist entry or an appeal was refused."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class NotYourStaff(NotAllowed):
    """Only a dispatcher of the carer's provider keeps her personnel file; facts: provider_id."""

    message_zh = "只有本机构的派单员可以登记人员档案。"


class UnknownCarer(NotFound):
    """No such carer, or she may not be seen."""

    message_zh = "没有这位护理员，或者您无权查看。"


class UnknownCertificate(NotFound):
    """No such certificate, or it may not be seen."""

    message_zh = "没有这张证书，或者您无权查看。"


class CertificateKept(Conflict):
    """The same certificate stands in the file already; facts: carer_id."""

    message_zh = "这张证书已经登记过了。"


class CertificateWithdrawn(Conflict):
    """The certificate was taken out of the file before; facts: certificate_id."""

    message_zh = "这张证书已经撤下了。"


class CertificateIncomplete(Invalid):
    """A name, number, issuer or day is missing or makes no sense; facts: field."""

    message_zh = "请写全证书的名称、编号、发证单位和起止日期。"


class TrainingIncomplete(Invalid):
    """A title, organiser, day or length is missing; facts: field."""

    message_zh = "请写全培训的名称、主办单位、日期和时长。"


class NotForTrust(NotAllowed):
    """Blacklists, appeals and levels asked for anew are for the officers of the area; facts: role."""

    message_zh = "这件事由本辖区的民政干部办理。"


class ReasonAndEvidenceNeeded(Invalid):
    """Nobody is put on the list or taken off it without a reason; facts: field."""

    message_zh = "请写明理由和依据（各不超过1000字）。"


class AlreadyBlacklisted(Conflict):
    """The provider or carer stands on the list; facts: provider_id or carer_id."""

    message_zh = "已经在失信名单上了。"


class UnknownEntry(NotFound):
    """No such entry of the blacklist, or it may not be seen."""

    message_zh = "没有这条失信记录，或者您无权查看。"


class EntryLifted(Conflict):
    """The entry was lifted before; facts: entry_id."""

    message_zh = "这条失信记录已经解除了。"


class NoSuchCredit(NotFound):
    """No credit level was computed for this provider and month; facts: provider_id, month."""

    message_zh = "这家机构这个月还没有信用等级。"


class MonthToCome(Invalid):
    """A month that is not over has no level yet; facts: month."""

    message_zh = "这个月还没有过完，不能计算信用等级。"


class AppealPending(Conflict):
    """An appeal against this is waiting for its decision; facts: credit_id or entry_id."""

    message_zh = "已经有一份申诉在等答复。"


class AppealTooLate(Conflict):
    """The city's days to appeal are over; facts: until."""

    message_zh = "申诉的期限已经过了。"


class AppealDecided(Conflict):
    """The appeal was decided before; facts: appeal_id."""

    message_zh = "这份申诉已经答复过了。"


class UnknownAppeal(NotFound):
    """No such appeal, or it may not be seen."""

    message_zh = "没有这份申诉，或者您无权查看。"


class NotYourAppeal(NotAllowed):
    """Only the provider (or the carer) concerned appeals; facts: provider_id."""

    message_zh = "只有被评的机构或本人可以申诉。"


class JudgedByAnother(NotAllowed):
    """Who filed an appeal does not decide it; facts: appeal_id."""

    message_zh = "申诉不能由提出的人自己来答复。"


class EvidenceElsewhere(Invalid):
    """The appeal names facts that this level was not counted from; facts: field."""

    message_zh = "申诉里写的依据不在这个等级的依据里。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "blacklist_entry_provider_idx": AlreadyBlacklisted,
    "blacklist_entry_carer_idx": AlreadyBlacklisted,
    "blacklist_entry_lifted_once_check": EntryLifted,
    "blacklist_entry_says_why_check": ReasonAndEvidenceNeeded,
    "trust_appeal_credit_idx": AppealPending,
    "trust_appeal_entry_idx": AppealPending,
    "trust_appeal_judged_by_another_check": JudgedByAnother,
    "carer_certificate_once_idx": CertificateKept,
    "carer_certificate_days_check": CertificateIncomplete,
    "carer_certificate_named_check": CertificateIncomplete,
    "carer_training_named_check": TrainingIncomplete,
    "carer_training_minutes_check": TrainingIncomplete,
}
