"""Phone, ID number, address and health are opened by `disclose` and by the masks, and by nobody else without a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPENERS = {
    "services/people/privacy.py": "the cipher itself",
    "services/people/disclosing.py": "the one way to read in clear; the database has written the row",
    "services/people/masked.py": "gives masks only",
    "services/people/addressees.py": "the number a carrier is given; each sending leaves its delivery row",
    "services/people/taking.py": "compares a list's field with what is kept, as the house, and shows neither",
    "services/people/resealing.py": "seals anew under another key, as the house",
    "services/orders/meals.py": "what a kitchen must leave out, shown to who cooks for her",
    "services/beds/home_beds.py": "the care plan of a contract, shown to its parties",
}
FIELDS = {"phone", "id_number", "address", "health"}


def openings(source: str) -> Iterator[str]:
    """Give what a file unseals: a literal purpose, or `?` where the purpose is worked out."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and (getattr(node.func, "id", None) or getattr(node.func, "attr", "")) == "unseal"
        ):
            purpose = node.args[0] if node.args else None
            yield str(purpose.value) if isinstance(purpose, ast.Constant) else "?"


def constants_of(path: Path) -> set[str]:
    return {
        node.value.value
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def test_nobody_else_opens_a_sealed_field_of_a_person() -> None:
    wrong = []
    for room in ("services", "api", "workers"):
        for path in sorted((ROOT / room).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            opened = set(openings(path.read_text("utf-8")))
            if "?" in opened:
                opened |= constants_of(path) & FIELDS
            if opened & FIELDS and name not in OPENERS:
                wrong.append(f"{name} opens {sorted(opened & FIELDS)}: ask services.people.disclosing.disclose")
    assert not wrong, "\n".join(wrong)


def test_only_carriers_jobs_learn_a_phone_in_clear() -> None:
    users = {
        str(path.relative_to(ROOT))
        for room in ("services", "api", "workers")
        for path in (ROOT / room).rglob("*.py")
        if "import addressees" in (text := path.read_text("utf-8")) or "addressees(" in text
    }
    assert users == {"services/people/addressees.py", "workers/jobs/messages.py"}


def test_the_search_finds_what_it_is_for() -> None:
    assert list(openings('x = unseal("phone", row)\ny = privacy.unseal(name, row)')) == ["phone", "?"]
