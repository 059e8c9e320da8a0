"""A backup brings everything back, checked; and nothing is overwritten, or believed, by accident."""

from __future__ import annotations

import io
import os
import shutil

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from typer.testing import CliRunner

from services.people.attachments import attach, missing_files, read_attachment
from services.people.privacy import lookup_hash, seal, unseal
from services.people.tables import Elder, Person
from services.settings import settings
from services.unit_of_work import SYSTEM, Actor, forget_engines, unit_of_work
from timebank.verify import verify
from timebank.writer import open_account, record_transfer
from workers import backup
from workers.vault import PIECE, BackupBroken, SealingWriter, unseal_to

AREA, LEDGER = 320102002001000, 320100000000000
PDF = b"%PDF-1.7 her consent".ljust(300, b".")


def populate(now) -> tuple[int, int]:
    """Write an elder, a sealed file and a few minutes; gives the elder and the file."""
    with unit_of_work(SYSTEM, login="setup") as work:
        person = Person(
            area_code=AREA, full_name="王秀兰", gender="female", created_at=now,
            phone_sealed=seal("phone", "13900000001"), phone_hash=lookup_hash("phone", "13900000001"),
        )  # fmt: skip
        work.session.add(person)
        work.session.flush()
        elder_id = int(person.id or 0)
        work.session.add(Elder(person_id=elder_id, area_code=AREA, living="alone", registered_on=now.date()))
    with unit_of_work(Actor(elder_id, "elder")) as work:
        file_id = attach(work.session, work.now, work.actor, elder_id, "consent", PDF)
    with unit_of_work(SYSTEM, login="jobs") as work:
        issuance = open_account(work.session, now, ledger=LEDGER, kind="issuance", owner_label="city")
        saver = open_account(work.session, now, ledger=LEDGER, kind="volunteer", floor_minutes=0, cap_minutes=90_000)
        for number in range(3):
            record_transfer(
                work.session, now, ledger=LEDGER, key=f"visit-{number}", debit_account_id=issuance,
                credit_account_id=saver, entry_type="earn", minutes=90,
            )  # fmt: skip
    return elder_id, file_id


@pytest.fixture
def second(database):
    """An empty second database on the same server; `point_at` lets the settings mean it."""
    name = f"{database.name}_second"
    with database.connect(autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield database.url("setup").set(database=name).render_as_string(hide_password=False)
    forget_engines()
    with database.connect(autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def point_at(monkeypatch, override_settings):
    def point(url: str, files) -> None:
        monkeypatch.setenv("DATABASE_URL", url)
        override_settings(storage_dir=files)

    return point


def counts() -> dict[str, int]:
    with backup._connect() as connection:
        return backup._row_counts(connection)


def test_everything_comes_back_into_a_second_database_with_its_rights_and_its_books(
    database, second, now, tmp_path, point_at
):
    point_at(os.environ["DATABASE_URL"], tmp_path / "files")
    elder_id, file_id = populate(now)
    saved = backup.save(tmp_path / "house.ylb")
    assert (saved.attachments, saved.transfers) == (1, 3)
    before = counts()
    assert oct((tmp_path / "house.ylb").stat().st_mode)[-3:] == "600"
    sealed = (tmp_path / "house.ylb").read_bytes()
    assert "王秀兰".encode() not in sealed and b"PGDMP" not in sealed

    point_at(second, tmp_path / "other machine")
    assert backup.restore(tmp_path / "house.ylb").rows == saved.rows
    assert counts() == before and before["timebank.transfer"] == 3 and before["public.person"] == 1
    with unit_of_work(SYSTEM, login="jobs") as work:
        assert verify(work.session).ok and missing_files(work.session) == []
        sealed_phone = work.session.connection().execute(text("SELECT phone_sealed FROM person")).scalar_one()
        assert unseal("phone", sealed_phone) == "13900000001"
    with unit_of_work(Actor(elder_id, "elder")) as work:
        assert read_attachment(work.session, work.now, work.actor, file_id).content == PDF
    with unit_of_work(Actor(elder_id + 1, "registered")) as work:
        assert work.session.connection().execute(text("SELECT count(*) FROM person")).scalar_one() == 0
    with pytest.raises(psycopg.errors.RestrictViolation), backup._connect() as connection:
        connection.execute("UPDATE act SET verb = 'changed'")  # the guards came back too


def test_a_house_is_not_overwritten_unless_forced(database, now, tmp_path, point_at):
    point_at(os.environ["DATABASE_URL"], tmp_path / "files")
    populate(now)
    backup.save(tmp_path / "house.ylb")
    before = counts()
    with database.session("setup") as session, session.begin():
        session.connection().execute(text("UPDATE person SET full_name = 'written after the backup'"))
    with pytest.raises(backup.DatabaseNotEmpty):
        backup.restore(tmp_path / "house.ylb")
    with database.session("setup") as session:
        assert session.connection().execute(text("SELECT full_name FROM person")).scalar_one().startswith("written")
    database.close()
    forget_engines()
    backup.restore(tmp_path / "house.ylb", force=True)
    assert counts() == before
    with database.session("setup") as session:
        assert session.connection().execute(text("SELECT full_name FROM person")).scalar_one() == "王秀兰"
    with pytest.raises(FileExistsError):
        backup.save(tmp_path / "house.ylb")


def test_an_altered_or_foreign_backup_touches_nothing(database, second, now, tmp_path, point_at, monkeypatch):
    point_at(os.environ["DATABASE_URL"], tmp_path / "files")
    populate(now)
    backup.save(tmp_path / "house.ylb")
    whole = (tmp_path / "house.ylb").read_bytes()
    point_at(second, tmp_path / "other")
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for number, bad in enumerate((bytes(flipped), whole[:-20], b"PGDMP" + whole, b"")):
        path = tmp_path / f"bad{number}.ylb"
        path.write_bytes(bad)
        with pytest.raises(BackupBroken):
            backup.restore(path, force=True)
    monkeypatch.setenv("YINLING_SECRET_KEY", "another machine's key")
    settings.cache_clear()
    with pytest.raises(BackupBroken):
        backup.restore(tmp_path / "house.ylb")
    monkeypatch.undo()
    settings.cache_clear()
    with psycopg.connect(second.replace("postgresql+psycopg", "postgresql")) as connection:
        assert backup._tables(connection) == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("yl-")] == []


def test_a_lost_attachment_stops_the_backup_instead_of_leaving_it_out(database, now, tmp_path, point_at):
    from services.people.storage import NoSuchFile

    point_at(os.environ["DATABASE_URL"], tmp_path / "files")
    populate(now)
    shutil.rmtree(tmp_path / "files")
    with pytest.raises(NoSuchFile):
        backup.save(tmp_path / "house.ylb")
    assert not (tmp_path / "house.ylb").exists()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_any_length_opens_again_and_no_piece_may_be_dropped_or_moved(size):
    plain, sealed = os.urandom(size), io.BytesIO()
    writer = SealingWriter(sealed)
    for start in range(0, size, 300_000):
        writer.write(plain[start : start + 300_000])
    writer.finish()
    opened = io.BytesIO()
    unseal_to(io.BytesIO(sealed.getvalue()), opened)
    assert opened.getvalue() == plain
    pieces = _pieces(sealed.getvalue())
    for wrong in (pieces[:-1], [pieces[0], *pieces[2:]], [pieces[0], *reversed(pieces[1:])], [*pieces, pieces[-1]]):
        if wrong != pieces:
            with pytest.raises(BackupBroken):
                unseal_to(io.BytesIO(b"".join(wrong)), io.BytesIO())


def _pieces(sealed: bytes) -> list[bytes]:
    head, rest, pieces = sealed[:29], sealed[29:], []
    while rest:
        end = 4 + int.from_bytes(rest[:4], "big")
        pieces.append(rest[:end])
        rest = rest[end:]
    return [head, *pieces]


def test_the_command_line_asks_for_the_word_that_says_it_all(database, now, tmp_path, point_at):
    import typer

    from workers.commands.backup import command as save_command
    from workers.commands.restore import command as restore_command

    point_at(os.environ["DATABASE_URL"], tmp_path / "files")
    app = typer.Typer()
    app.command("backup")(save_command)
    app.command("restore")(restore_command)
    path = str(tmp_path / "house.ylb")
    done = CliRunner().invoke(app, ["backup", path])
    assert done.exit_code == 0 and "已备份" in done.output
    assert CliRunner().invoke(app, ["backup", path]).exit_code == 2
    assert CliRunner().invoke(app, ["restore", path]).exit_code == 2
    refused = CliRunner().invoke(app, ["restore", path, "--into-empty-database"])
    assert isinstance(refused.exception, backup.DatabaseNotEmpty)
