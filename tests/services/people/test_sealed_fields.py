"""Phone, ID number, address and health of an elder lie sealed, can still be found by, and are shown masked."""

from __future__ import annotations

from datetime import date

import pytest

from services.clock import civil_date
from services.people.actions import NewElder, NewPerson, register_elder
from services.people.privacy import SealBroken, lookup_hash, mask_address, mask_phone, seal, unseal
from services.people.queries import person_card

PHONE, NUMBER, ADDRESS, HEALTH = (
    "19955556666",
    "320102194803070022",
    "丹凤街唱经楼西街65号3幢201室",
    "高血压，青霉素过敏",
)
EVERYTHING = """
    SELECT string_agg(t::text, '') FROM (
        SELECT to_jsonb(p) FROM person p UNION ALL SELECT to_jsonb(e) FROM elder e
        UNION ALL SELECT to_jsonb(a) FROM act a UNION ALL SELECT to_jsonb(o) FROM outbox o) AS t
"""


def test_nothing_of_the_four_fields_can_be_read_in_the_rows(cast):
    with cast.work("house") as work:
        new = NewPerson(
            area_code=320102002001000, full_name="周桂兰", gender="female", born_on=date(1948, 3, 7),
            phone=PHONE, id_number=NUMBER, address=ADDRESS,
        )  # fmt: skip
        elder = register_elder(work.session, work.now, work.actor, new, NewElder(living="alone", health=HEALTH))
        connection = work.session.connection()
        rows = connection.exec_driver_sql(EVERYTHING).scalar_one()
        kept = connection.exec_driver_sql(
            "SELECT p.phone_sealed, p.id_number_sealed, p.address_sealed, e.health_sealed, p.phone_hash "
            "FROM person p JOIN elder e ON e.person_id = p.id WHERE p.id = %s", (elder,)
        ).one()  # fmt: skip
        card = person_card(work.session, elder, civil_date(work.now))
    assert "周桂兰" in rows
    assert [secret for secret in (PHONE, NUMBER, ADDRESS, HEALTH, "65号", "青霉素") if secret in rows] == []
    purposes = ("phone", "id_number", "address", "health")
    assert all(str(sealed).startswith("k1.") for sealed in kept[:4])
    assert [unseal(purpose, kept[place]) for place, purpose in enumerate(purposes)] == [PHONE, NUMBER, ADDRESS, HEALTH]
    assert bytes(kept[4]) == lookup_hash("phone", "199-5555 6666"), "found however the number is written"
    assert (card.phone, card.id_number) == ("199****6666", "320102**********22")
    assert card.address == "丹凤街唱经楼西街***"


def test_a_new_key_seals_while_values_under_the_old_one_stay_readable(cast, override_settings):
    old = seal("phone", PHONE)
    override_settings(field_key_ids="k2,k1")
    new = seal("phone", PHONE)
    assert (old[:3], new[:3]) == ("k1.", "k2.")
    assert unseal("phone", old) == unseal("phone", new) == PHONE
    override_settings(field_key_ids="k2")
    with pytest.raises(SealBroken):
        unseal("phone", old)


def test_a_value_altered_or_passed_off_as_another_field_is_refused(cast):
    sealed = seal("phone", PHONE)
    assert sealed != seal("phone", PHONE)
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    for purpose, value in (("address", sealed), ("phone", changed), ("phone", "k2." + sealed[3:]), ("phone", "k1.x")):
        with pytest.raises(SealBroken):
            unseal(purpose, value)


@pytest.mark.parametrize(("given", "shown"), [("02584810000", "025****0000"), ("12345", "****45")])
def test_a_number_is_shown_without_its_middle(given: str, shown: str):
    assert mask_phone(given) == shown


def test_a_street_without_a_number_is_no_secret():
    assert mask_address("梅园新村") == "梅园新村"
