"""The files that take longest go first, so that both workers of bin/test end together.

pytest-xdist gives each worker the next file; left to itself it begins with the files of most tests, and one test
that walks every page for a minute would run alone at the end.
"""

from __future__ import annotations

from collections import Counter

import pytest

LONGEST_FIRST = (
    "tests/api/test_every_page_in_english.py",
    "tests/journeys/test_the_story.py",
    "tests/browser/test_people_pages.py",
    "tests/api/test_every_endpoint.py",
    "tests/browser/test_desk_pages.py",
    "tests/faults/test_two_hosts_fill_one_city.py",
    "tests/faults/test_a_killed_worker_loses_nothing.py",
    "tests/geo/test_network_gates.py",
    "tests/browser/test_scenario_pages.py",
    "tests/api/test_every_page.py",
    "tests/api/test_no_wish_breaks_the_house.py",
    "tests/browser/test_gallery.py",
    "tests/geo/test_network_files.py",
    "tests/timebank/test_against_the_model.py",
    "tests/geo/test_network_million.py",
    "tests/workers/test_alive.py",
    "tests/services/circles/test_facility_changed.py",
    "tests/geo/test_network_faults.py",
    "tests/timebank/test_simulator.py",
    "tests/geo/test_outlines.py",
)
"""Files of some ten seconds and more, as `bin/test --durations=50` tells them; the rest goes by number of tests."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files, each file's own tests left as they stand."""
    sort_files(items)


def sort_files(items: list[pytest.Item]) -> None:
    """Put the named files first, then those of most tests."""
    tests = Counter(_file(item) for item in items)
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: (place.get(_file(item), len(place)), -tests[_file(item)], _file(item)))


def _file(item: pytest.Item) -> str:
    return item.nodeid.split("::")[0]
