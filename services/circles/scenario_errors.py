"""Why a what-if or a question of siting is refused."""

from __future__ import annotations

from services.errors import Conflict, Invalid, NotAllowed, NotFound


class NoOfficeArea(NotAllowed):
    """Scenarios and siting belong to an office with an area."""

    message_zh = "方案和选址给有辖区的民政工作人员使用。"


class NoScenario(NotFound):
    """There is no such scenario, or it is another office's and not shared; facts: `scenario_id`."""

    message_zh = "没有这个方案，或者它没有共享给您。"


class NotYourScenario(NotAllowed):
    """A shared scenario is changed by its owner only; others make a copy; facts: `scenario_id`."""

    message_zh = "这个方案是别人的，您可以另存一份再改。"


class NoSuchSite(NotFound):
    """The scenario has no such open facility; facts: `facility_id`, `added_by`."""

    message_zh = "方案里没有这个在开的设施。"


class UnknownKind(Invalid):
    """The city's rules have no such kind of facility; facts: `field`, `known`."""

    message_zh = "本市规则里没有这种设施。"


class TooManySteps(Conflict):
    """A scenario has room for so many steps; facts: `most`."""

    message_zh = "这个方案的改动太多了，请另开一个方案。"


class NothingToTakeBack(Conflict):
    """There is no step left to take back; facts: `scenario_id`."""

    message_zh = "没有可以撤销的改动。"


class CannotSite(Invalid):
    """A question of siting without an answer; facts: `field`."""

    message_zh = "这样选不出址，请改一改条件。"


class NoSitingRun(NotFound):
    """There is no such question of siting, or it is another's; facts: `run_id`."""

    message_zh = "没有这次选址，或者不是您问的。"
