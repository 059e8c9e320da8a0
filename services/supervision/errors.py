"""Why something about the supervision of an institution was refused."""

from __future__ import annotations

from services.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound


class NotForSupervision(NotAllowed):
    """Supervision is the work of officers of the institution's area; facts: role."""

    message_zh = "机构监管由本辖区的民政干部办理。"


class NotYourInstitution(NotAllowed):
    """Only the provider that runs the institution does this; facts: provider_id."""

    message_zh = "只有本机构的派单员可以办理。"


class WordsMissing(Invalid):
    """A word, number or day is missing or makes no sense; facts: field."""

    message_zh = "有必填的内容没有写，或者写得太长。"


class DaysMakeNoSense(Invalid):
    """A last day before the first one, or a day to come; facts: field."""

    message_zh = "日期不对：不能早于开始的日子，也不能是还没到的日子。"


class FilingStepRefused(Conflict):
    """This step does not follow the one the filing stands at; facts: step, at."""

    message_zh = "备案现在的状态不能走这一步；先备案，才能变更或注销。"


class FilingNumberTaken(Conflict):
    """Another institution was filed under this number."""

    message_zh = "这个备案号已经用在别的机构上。"


class GradeKept(Conflict):
    """The certificate stands in the register already."""

    message_zh = "这张等级证书已经登记过了。"


class UnknownGrade(NotFound):
    """No such certificate of grade."""

    message_zh = "没有这张等级证书。"


class GradeRevoked(Conflict):
    """The certificate was taken away before; facts: grade_id."""

    message_zh = "这张等级证书已经撤销过了。"


class UnknownGradeRequest(NotFound):
    """No such request, or it may not be seen."""

    message_zh = "没有这份评定申请，或者您无权查看。"


class GradeRequestWaits(Conflict):
    """A request of this institution waits for its answer; facts: facility_id."""

    message_zh = "这家机构已经有一份评定申请在等答复。"


class GradeRequestDecided(Conflict):
    """The request was answered before; facts: request_id."""

    message_zh = "这份评定申请已经答复过了。"


class UnknownChecklist(NotFound):
    """No such checklist, or none in force on that day."""

    message_zh = "没有这份检查表。"


class ChecklistChanged(Conflict):
    """A published version is never edited; facts: code, version."""

    message_zh = "这一版检查表已经公布，不能改；请用新的版本号。"


class UnknownInspector(NotFound):
    """No such inspector, or she may not be seen."""

    message_zh = "没有这位检查人员，或者您无权查看。"


class InspectorKept(Conflict):
    """The person or the code is on the list of inspectors already."""

    message_zh = "这个人或者这个编号已经在检查人员名单上。"


class InspectorGone(Conflict):
    """The inspector was taken off the list; facts: inspector_id."""

    message_zh = "这位检查人员已经不在名单上。"


class ConflictKept(Conflict):
    """The conflict was declared before."""

    message_zh = "这项回避已经登记过了。"


class UnknownKeyTarget(NotFound):
    """The institution is not on the list of key targets."""

    message_zh = "重点监管名单上没有这家机构。"


class AlreadyWatched(Conflict):
    """The institution is on the list of key targets."""

    message_zh = "这家机构已经在重点监管名单上。"


class NothingToDraw(Invalid):
    """More was wanted than the lists hold, or nothing; facts: key, others."""

    message_zh = "要抽的家数不对：不能比名单上的多，也不能一家都不抽。"


class NobodyToInspect(Conflict):
    """An institution has too few inspectors without a conflict; facts: target."""

    message_zh = "有机构除去要回避的人，检查人员不够；请先增加检查人员。"


class UnknownDraw(NotFound):
    """No such draw."""

    message_zh = "没有这次抽查。"


class DrawnBefore(Conflict):
    """The seed was shown before; a draw is made once; facts: draw_id."""

    message_zh = "这次抽查已经抽过了，不能再抽。"


class PublicWordMissing(Invalid):
    """The public word that was agreed on is missing, or one is given that was not agreed on."""

    message_zh = "约定了公开数就要填，没有约定就不能填；里面不能有竖线。"


class DrawBroken(Conflict):
    """PostgreSQL drew again and found something else than what was to be written."""

    message_zh = "这不是抽查抽出来的结果，不能写入。"


class UnknownInspection(NotFound):
    """No such inspection, or it may not be seen."""

    message_zh = "没有这次检查，或者您无权查看。"


class InspectionDone(Conflict):
    """The results were written down before; facts: inspection_id."""

    message_zh = "这次检查的结果已经登记了。"


class OtherInspectors(Conflict):
    """A drawn inspection is done by whom was drawn; facts: drawn."""

    message_zh = "抽查要由抽中的检查人员去做。"


class ResultsMissing(Invalid):
    """Every item of the list has a result; facts: missing."""

    message_zh = "检查表上每一项都要选：合格、不合格或不适用。"


class SiteCertificateKept(Conflict):
    """The certificate stands in the register already."""

    message_zh = "这张证照已经登记过了。"


class UnknownSiteCertificate(NotFound):
    """No such certificate of a house."""

    message_zh = "没有这张证照。"


class SiteCertificateGone(Conflict):
    """The certificate was withdrawn before; facts: certificate_id."""

    message_zh = "这张证照已经撤下了。"


class UnknownIncident(NotFound):
    """No such incident, or it may not be seen."""

    message_zh = "没有这起事故，或者您无权查看。"


class UnknownResident(Invalid):
    """The elder named did not live there that day, or may not be seen."""

    message_zh = "这位老人那天不住在这家机构，请核对。"


class IncidentClosed(Conflict):
    """The incident was closed before; facts: incident_id."""

    message_zh = "这起事故已经办结了。"


class UnknownCase(NotFound):
    """No such case, or it may not be seen."""

    message_zh = "没有这个案件，或者您无权查看。"


class SourceMissing(Invalid):
    """A case names the inspection, incident or complaint it comes from."""

    message_zh = "请写明是从哪次检查、哪起事故或哪份投诉来的。"


class CaseClosed(Conflict):
    """The case is past this step; facts: case_id."""

    message_zh = "这个案件已经不能再走这一步。"


class AnswerAwaited(Conflict):
    """The provider still has days to answer; facts: until."""

    message_zh = "机构的答复期限还没有到，先等它答复。"


class CaseNotDecided(Conflict):
    """Nothing was decided yet; facts: case_id."""

    message_zh = "还没有作出决定，不能结案；没有问题也要写“不处理”。"


class StillToDo(Conflict):
    """A decision was not carried out, or a department has not answered; facts: case_id."""

    message_zh = "还有决定没有执行完，或者部门没有回复，不能结案。"


class UnknownDecision(NotFound):
    """No such decision, or it may not be seen."""

    message_zh = "没有这项决定，或者您无权查看。"


class DecisionDone(Conflict):
    """The decision was carried out before; facts: decision_id."""

    message_zh = "这项决定已经执行完了。"


class LineOfAnother(Invalid):
    """The settled line is not this provider's."""

    message_zh = "这一行结算不是这家机构的，请核对。"


class UnknownReferral(NotFound):
    """No such referral that waits for its answer."""

    message_zh = "没有这份等回复的移送。"


BY_CONSTRAINT: dict[str, type[DomainError]] = {
    "institution_filing_follows_check": FilingStepRefused,
    "institution_filing_day_check": DaysMakeNoSense,
    "institution_filing_number_idx": FilingNumberTaken,
    "institution_grade_once_key": GradeKept,
    "institution_grade_days_check": DaysMakeNoSense,
    "grade_request_one_open_idx": GradeRequestWaits,
    "grade_request_step_check": GradeRequestDecided,
    "checklist_version_key": ChecklistChanged,
    "inspector_code_key": InspectorKept,
    "inspector_person_idx": InspectorKept,
    "inspector_conflict_once_key": ConflictKept,
    "key_target_one_idx": AlreadyWatched,
    "inspection_draw_revealed_once_check": DrawnBefore,
    "drawn_target_of_the_draw_check": DrawBroken,
    "inspection_of_its_target_check": DrawBroken,
    "inspection_done_once_check": InspectionDone,
    "site_certificate_once_key": SiteCertificateKept,
    "site_certificate_days_check": DaysMakeNoSense,
    "supervision_case_step_check": CaseClosed,
    "supervision_case_all_done_check": StillToDo,
    "case_decision_in_time_check": AnswerAwaited,
    "case_decision_of_its_line_check": LineOfAnother,
    "incident_step_order_check": IncidentClosed,
}
