"""Each reason for doubt alone, and an honest visit without any; and what a picture tells beside itself."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from services.visits.judging import is_drawn
from services.visits.plausibility import Judged, Other, Place, doubts_of, points_of
from services.visits.scrubbing import NotAPicture, scrubbed

AT = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HOME = Place(118.79, 32.04)
HONEST = Judged(AT, AT + timedelta(minutes=88), "elder_code", HOME, HOME, 12.0, 20.0, 3, (), 90, 0)


def weights() -> dict[str, Any]:
    path = next((Path(__file__).parents[3] / "migrations/versions").glob("*_evidence_of_visits_and_places.py"))
    spec = util.spec_from_file_location("first_formula", path)
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Any] = module.FORMULA
    return found


def other(hours: float, minutes: int = 60, home: Place = HOME, position: Place | None = None) -> Other:
    start = AT + timedelta(hours=hours)
    return Other(1, start, start + timedelta(minutes=minutes), home, position)


FAR = Place(118.99, 32.04)
SAME = [other(-24 * day, 88) for day in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("visit", "others", "codes"),
    [
        (HONEST, [other(-3), other(3)], []),
        (replace(HONEST, distance_m=None), [], ["no_position"]),
        (replace(HONEST, distance_m=800.0, accuracy_m=700.0), [], []),
        (replace(HONEST, distance_m=800.0), [], ["far_from_home"]),
        (replace(HONEST, doubts=("mock_location",)), [], ["mock_location"]),
        (replace(HONEST, skew_seconds=900), [], ["clock_skew"]),
        (replace(HONEST, doubts=("clock_back",)), [], ["clock_skew"]),
        (replace(HONEST, ended_at=AT + timedelta(minutes=3)), [], ["short"]),
        (replace(HONEST, ended_at=AT + timedelta(hours=6)), [], ["long"]),
        (HONEST, [other(1)], ["overlap"]),
        (HONEST, [other(-1.1, home=FAR)], ["impossible_travel"]),
        (HONEST, [other(-6, home=FAR)], []),
        (HONEST, [other(-24, 70, position=HOME), other(-48, 71, position=HOME)], ["identical_position"]),
        (HONEST, [other(-24, 70, position=HOME)], []),
        (HONEST, SAME, ["same_minutes"]),
        (HONEST, SAME[:3], []),
        (replace(HONEST, proof="supervisor"), [], ["proof"]),
        (replace(HONEST, exceptions=1), [], ["exception"]),
    ],
)
def test_each_reason_for_doubt_stands_alone(visit: Judged, others: list[Other], codes: list[str]) -> None:
    assert [one.code for one in doubts_of(weights(), visit, others)] == codes


def test_doubts_add_up_to_a_hundred_at_most_and_the_weightiest_comes_first() -> None:
    bad = replace(
        HONEST, ended_at=AT + timedelta(minutes=3), doubts=("mock_location",), proof="supervisor", exceptions=2
    )
    found = doubts_of(weights(), bad, [other(0)])
    assert points_of(found) == 100 and [one.points for one in found] == sorted(
        (one.points for one in found), reverse=True
    )


def test_the_draw_can_be_drawn_again_and_takes_about_its_share() -> None:
    drawn = [one for one in range(10_000) if is_drawn("2026-11/1", one, 5)]
    assert drawn == [one for one in range(10_000) if is_drawn("2026-11/1", one, 5)] and 400 < len(drawn) < 600


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


TIFF = b"MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) + b"\0\0\0\0GPS 118.79"
SCAN = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
JPEG = (
    b"\xff\xd8" + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0") + segment(0xE1, b"Exif\0\0" + TIFF)
    + segment(0xFE, b"taken at home") + segment(0xE2, b"MPF\0") + segment(0xDB, bytes(65)) + SCAN + SCAN + b"\xff\xd9 a second picture"
)  # fmt: skip


def test_a_photo_keeps_which_way_is_up_and_nothing_else_beside_the_picture() -> None:
    clean = scrubbed(JPEG)
    for told in (b"GPS", b"taken", b"MPF", b"second"):
        assert told in JPEG and told not in clean
    assert clean.count(SCAN) == 2 and clean.endswith(b"\xff\xd9") and struct.pack(">HHIH", 0x0112, 3, 1, 6) in clean
    assert scrubbed(clean) == clean


def test_a_webp_loses_its_exif_and_says_so_in_its_head() -> None:
    def part(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    parts = part(b"VP8X", b"\x2c" + bytes(9)) + part(b"VP8 ", b"picture") + part(b"EXIF", TIFF) + part(b"XMP ", b"<x/>")
    clean = scrubbed(b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts)
    assert b"picture" in clean and b"EXIF" not in clean and b"XMP" not in clean and clean[20] == 0
    assert struct.unpack("<I", clean[4:8])[0] == len(clean) - 8


@pytest.mark.parametrize("cut", range(2, len(JPEG) - 18, 7))
def test_half_a_picture_is_no_picture(cut: int) -> None:
    with pytest.raises(NotAPicture):
        scrubbed(JPEG[:cut])
