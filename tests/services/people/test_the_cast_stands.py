"""The cast itself, and who of it may see 王奶奶."""

from __future__ import annotations

import pytest

from services.errors import NotAllowed, NotFound
from services.people.rights import right_to


@pytest.mark.parametrize(
    ("who", "ground"),
    [("wang", "self"), ("daughter", "proxy"), ("officer", "office:officer"), ("operator", "office:operator")],
)
def test_each_acts_for_the_elder_by_a_right_of_her_own(cast, who, ground):
    with cast.work(who) as work:
        assert right_to(work.session, work.actor, cast["wang"], "order", work.now).ground.startswith(ground)


@pytest.mark.parametrize("who", ["outsider", "other_officer", "carer", "volunteer", "dispatcher", "administrator"])
def test_who_has_no_reason_to_know_her_does_not_find_her(cast, who):
    with cast.work(who) as work, pytest.raises(NotFound):
        right_to(work.session, work.actor, cast["wang"], "view", work.now)


def test_the_auditor_reads_everybody_and_orders_for_nobody(cast):
    with cast.work("auditor") as work:
        right_to(work.session, work.actor, cast["wang"], "view", work.now)
        with pytest.raises(NotAllowed):
            right_to(work.session, work.actor, cast["wang"], "order", work.now)
