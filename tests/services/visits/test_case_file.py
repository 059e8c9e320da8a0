"""The care register and the file of one elder on it: what an office sees, and what stays sealed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.errors import NotFound
from services.people.rights import right_to
from services.visits.attempts import record_attempt
from services.visits.case_file import care_register, case_file, days_since
from services.visits.duties import refresh_duties
from services.visits.tasks import make_tasks

CITY, STREET = 320100000000000, (320102003000000, 320102003999999)


@pytest.mark.mission("DY-27", "DY-15", "NG-23")
def test_the_register_names_groups_class_and_who_goes_and_the_file_tells_the_year(cast: Any) -> None:
    with cast.work("house") as work:
        refresh_duties(work.session, work.now, CITY)
        make_tasks(work.session, work.now, CITY)
    with cast.work("officer") as work:
        before = {row.elder_id: row for row in care_register(work.session, *STREET)}[cast["sun"]]
        assert before.worker_name and before.due_on, "somebody by name goes to see her by a day"
        for outcome, ago in (("no_answer", 3), ("seen", 1)):
            record_attempt(
                work.session, work.now, work.actor, cast["sun"],
                channel="home", outcome=outcome, happened_at=work.now - timedelta(hours=ago), note="带了水果",
            )  # fmt: skip
    with cast.work("officer") as work:
        rows = {row.elder_id: row for row in care_register(work.session, *STREET)}
        sun = rows[cast["sun"]]
        assert "alone" in sun.groups and sun.visit_class and days_since(work.now, sun.last_met) == 0
        assert sun.due_on is None, "met: nothing is owed until the next window"
        assert sun.whole == len(rows) == 2
        only = care_register(work.session, *STREET, visit_class="no_such")
        assert only == []
        file = case_file(work.session, work.now, cast["sun"])
    kinds = [event.kind for event in file.events]
    assert kinds.count("attempt") == 2 and "door" in kinds, "silence opened a door in somebody's hands"
    assert [event.happened_at for event in file.events] == sorted((e.happened_at for e in file.events), reverse=True)
    assert file.groups and file.visit_class == sun.visit_class and file.duties
    with cast.work("officer") as work:
        wang = case_file(work.session, work.now, cast["wang"])
    assert "李敏" in {name for name, _ in wang.contacts}
    assert "199" not in str(wang), "no phone in the file"


def test_another_streets_register_is_empty_and_nobody_opens_a_strangers_file(cast: Any) -> None:
    with cast.work("other_officer") as work:
        assert care_register(work.session, *STREET) == []
        with pytest.raises(NotFound):
            right_to(work.session, work.actor, cast["sun"], "view", work.now)
