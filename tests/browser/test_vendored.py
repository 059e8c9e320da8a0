"""What the browser runs is what was published: vendored files are pinned by hash, and nothing comes from elsewhere."""

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LISTED = dict(
    re.findall(
        r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$",
        (ROOT / "web/static/vendor/VENDORED.md").read_text(encoding="utf-8"),
        re.M,
    )
)
LICENCE_LINK = "https://www.openstreetmap.org/copyright"


def test_every_vendored_file_is_listed_with_its_hash() -> None:
    kept = {
        str(path.relative_to(ROOT))
        for folder in ("web/static/vendor", "tests/browser/assets")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.name != "VENDORED.md"
    }
    assert kept == set(LISTED)


def test_every_vendored_file_is_unchanged() -> None:
    for name, known in LISTED.items():
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == known, name


def test_no_page_or_style_of_ours_asks_another_host() -> None:
    for path in [*(ROOT / "web/templates").rglob("*.html"), *(ROOT / "web/static").glob("*/*")]:
        if path.is_file() and "vendor" not in path.parts:
            text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            text = text.replace(LICENCE_LINK, "")  # a link that a reader may follow: the ODbL asks for it
            assert not re.search(r"https?://", text), path
