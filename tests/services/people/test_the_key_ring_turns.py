"""A new key seals what is new; the ring turns the rest in batches, is stopped and goes on, and everything stays readable."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from services.people.actions import NewElder, NewPerson, register_elder
from services.people.attachments import attach, read_attachment
from services.people.disclosing import disclose
from services.people.privacy import lookup_hash, seal, unseal
from services.people.resealing import SEALED_COLUMNS, count_by_key, rehash, reseal_batch
from services.tables import metadata
from services.unit_of_work import COMMAND_LINE, SYSTEM, unit_of_work

KEY_2, LOOKUP_2 = base64.b64encode(b"2" * 32).decode(), base64.b64encode(b"L" * 32).decode()
PHONES = SEALED_COLUMNS[0]


def under(one=PHONES):
    with unit_of_work(SYSTEM, login="jobs") as work:
        return count_by_key(work.session, one)


def test_every_sealed_column_of_the_house_is_on_the_list_of_the_ring():
    columns = {(t.name, c.name) for t in metadata().tables.values() for c in t.columns if c.name.endswith("_sealed")}
    assert {(one.table, one.column) for one in SEALED_COLUMNS} == columns


def test_the_ring_turns_in_batches_is_stopped_and_goes_on(cast, override_settings, tmp_path):
    override_settings(storage_dir=tmp_path)
    png = b"\x89PNG\r\n\x1a\n" + b"a plate" * 9
    with cast.work("officer") as work:
        kept = attach(work.session, work.now, work.actor, cast["wang"], "other", png)
    before = under()["k1"]
    override_settings(storage_dir=tmp_path, field_key_ids="k2,k1", field_keys=f"k2:{KEY_2}")
    with cast.work("house") as work:
        new = NewPerson(area_code=320102003902901, full_name="周桂兰", gender="female", phone="19955556666")
        register_elder(work.session, work.now, work.actor, new, NewElder(living="alone", health="头晕"))
    assert under() == {"k1": before, "k2": 1}, "new writes are under the newest key"
    with unit_of_work(SYSTEM, login="jobs") as work:
        assert reseal_batch(work.session, PHONES, 3) == 3
    with pytest.raises(RuntimeError), unit_of_work(SYSTEM, login="jobs") as work:
        reseal_batch(work.session, PHONES, 3)
        raise RuntimeError("the machine stops in the middle of a batch")
    assert under() == {"k1": before - 3, "k2": 4}, "a batch is there whole or not at all"
    with cast.work("officer") as work:
        assert disclose(work.session, work.now, work.actor, cast["wang"], "phone", "contact") == "19900000001"

    from workers.commands.keys import app

    turned = CliRunner().invoke(app, ["rotate"], env={"COLUMNS": "160"})
    assert turned.exit_code == 0, turned.output
    assert under() == {"k2": before + 1}
    assert all(set(under(one)) <= {"k2"} for one in SEALED_COLUMNS)
    again = CliRunner().invoke(app, ["rotate"], env={"COLUMNS": "160"})
    assert again.exit_code == 0 and "：0 项" in again.output, "there is nothing left to do"
    override_settings(storage_dir=tmp_path, field_key_ids="k2", field_keys=f"k2:{KEY_2}")
    with cast.work("officer") as work:
        assert disclose(work.session, work.now, work.actor, cast["wang"], "address", "contact").startswith("南京市")
        assert read_attachment(work.session, work.now, work.actor, kept).content == png
        assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1, "the file under the old key is gone"


def test_the_look_up_key_turns_by_itself_in_one_go(cast, override_settings):
    token = lookup_hash("session-token", "x")
    override_settings(lookup_key=LOOKUP_2)
    assert lookup_hash("session-token", "x") == token, "tokens and door plates outlive it"
    asked = text("SELECT find_person_by_phone(:h)")
    with unit_of_work(SYSTEM, login="jobs") as work:
        connection = work.session.connection()
        assert connection.execute(asked, {"h": lookup_hash("phone", "19900000001")}).scalar() is None
        counts = rehash(work.session, work.now, COMMAND_LINE)
        assert counts["phone"] > 10 and counts["id_number"] >= 2
        assert connection.execute(asked, {"h": lookup_hash("phone", "19900000001")}).scalar() == cast["wang"]


def test_a_key_that_is_no_key_is_refused(override_settings):
    override_settings(field_key_ids="k9", field_keys="k9:c2hvcnQ=")
    with pytest.raises(ValueError, match="32 bytes"):
        seal("phone", "1")
    override_settings(field_key_ids="k9,k1", field_keys=f"k9:{KEY_2}")
    assert unseal("phone", seal("phone", "19900000001")) == "19900000001"
