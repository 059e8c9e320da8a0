"""A file about an elder is sealed, checked, and seen only by those who may see her."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.errors import Invalid, NotAllowed, NotFound
from services.people.attachments import (
    LARGEST,
    FileTooLarge,
    FileTypeRefused,
    attach,
    attachments_of,
    missing_files,
    read_attachment,
    sniffed_type,
)
from services.people.privacy import SealBroken
from services.people.privacy_tables import Consent
from services.people.storage import LocalFiles, NoSuchFile, new_key, seal_bytes, unseal_bytes
from services.people.tables import Elder, Person, Proxy
from services.unit_of_work import NOBODY, SYSTEM, Actor, unit_of_work

PNG = b"\x89PNG\r\n\x1a\n" + b"a photo of the door" * 10
AREA = 320102002001000
OFFICER = Actor(9, "officer", area_lo=320102002000000, area_hi=320102002999999)
OTHER_OFFICER = Actor(9, "officer", area_lo=320104006000000, area_hi=320104006999999)


@pytest.fixture
def people(database, now, tmp_path, override_settings):
    """王奶奶, a daughter who may order, a nephew who may only view, and 吴."""
    override_settings(storage_dir=tmp_path / "files")
    ids = {}
    with database.session("setup") as session, session.begin():
        for name in ("wang", "daughter", "nephew", "wu", "officer"):
            person = Person(area_code=AREA, full_name=name, gender="female", created_at=now)
            session.add(person)
            session.flush()
            ids[name] = int(person.id or 0)
        session.add(Elder(person_id=ids["wang"], area_code=AREA, living="alone", registered_on=now.date()))
        for name, scopes in (("daughter", ["view", "order"]), ("nephew", ["view"])):
            session.add(
                Proxy(
                    elder_id=ids["wang"],
                    area_code=AREA,
                    proxy_person_id=ids[name],
                    relation="x",
                    scopes=scopes,
                    state="confirmed",
                    requested_at=now,
                    confirmed_by=ids["wang"],
                    confirmed_at=now,
                )  # fmt: skip
            )
        session.add(
            Consent(
                person_id=ids["wang"],
                area_code=AREA,
                purpose="photos",
                version=1,
                given=True,
                by_person_id=ids["wang"],
                by_right="self",
                channel="web",
                happened_at=now,
            )  # fmt: skip
        )
    return ids


def keep(person: int, elder: int, content: bytes = PNG, purpose: str = "photo", role: str = "family") -> int:
    with unit_of_work(Actor(person, role)) as work:
        return attach(work.session, work.now, work.actor, elder, purpose, content)


def look(actor: Actor, attachment: int) -> bytes:
    with unit_of_work(actor) as work:
        return read_attachment(work.session, work.now, work.actor, attachment).content


def test_a_file_comes_back_as_it_was_and_lies_sealed(people, tmp_path):
    kept = keep(people["daughter"], people["wang"])
    (on_disk,) = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert b"photo of the door" not in on_disk.read_bytes() and oct(on_disk.stat().st_mode)[-3:] == "600"
    assert look(Actor(people["nephew"], "family"), kept) == PNG
    assert look(OFFICER, kept) == PNG
    with unit_of_work(SYSTEM, login="jobs") as work:
        acts = work.session.connection().execute(
            text("SELECT verb, by_right FROM act WHERE subject_type = 'attachment' ORDER BY id")
        )
        assert [row.verb for row in acts] == ["attach_file", "read_file", "read_file"]
        assert missing_files(work.session) == []


def test_those_who_may_not_see_the_elder_find_nothing_and_who_may_only_view_adds_nothing(people):
    kept = keep(people["daughter"], people["wang"])
    for stranger in (Actor(people["wu"], "registered"), OTHER_OFFICER, NOBODY):
        with pytest.raises(NotFound):
            look(stranger, kept)
        with pytest.raises(NotFound), unit_of_work(stranger) as work:
            attachments_of(work.session, work.now, work.actor, people["wang"])
    with pytest.raises(NotFound):
        keep(people["wu"], people["wang"])
    with pytest.raises(NotAllowed):
        keep(people["nephew"], people["wang"])


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", FileTooLarge),
        (b"%PDF-" + b"x" * LARGEST, FileTooLarge),
        (b"<html><script>", FileTypeRefused),
        (b"MZ\x90", FileTypeRefused),
        (b"RIFF\0\0\0\0WAVE", FileTypeRefused),
    ],
)
def test_what_is_no_picture_and_no_pdf_is_refused_whatever_it_is_called(people, tmp_path, content, error):
    with pytest.raises(error):
        keep(people["daughter"], people["wang"], content)
    assert not (tmp_path / "files").exists()
    with pytest.raises(Invalid):
        keep(people["daughter"], people["wang"], purpose="../../etc")


def test_pictures_and_pdfs_are_known_by_their_first_bytes():
    found = [sniffed_type(start + b"....") for start in (b"\xff\xd8\xff", b"%PDF-1.7", b"RIFF\0\0\0\0WEBP")]
    assert found == ["image/jpeg", "application/pdf", "image/webp"]


def test_an_altered_exchanged_or_lost_file_is_noticed(people, tmp_path):
    first, second = keep(people["daughter"], people["wang"]), keep(people["daughter"], people["wang"], PNG + b"2")
    one, two = sorted(path for path in (tmp_path / "files").rglob("*") if path.is_file())
    actor = Actor(people["daughter"], "family")
    bytes_one, bytes_two = one.read_bytes(), two.read_bytes()
    one.write_bytes(bytes_two)
    two.write_bytes(bytes_one)
    for kept in (first, second):
        with pytest.raises(SealBroken):
            look(actor, kept)
    one.write_bytes(bytes_one[:-1] + bytes([bytes_one[-1] ^ 1]))
    two.unlink()
    with unit_of_work(SYSTEM, login="jobs") as work:
        assert missing_files(work.session) == [first, second]


@pytest.mark.parametrize(
    "key", ["../../etc/passwd", "/etc/passwd", "ab/..", "ab/" + "g" * 32, "", "ab/" + "0" * 32 + "\n"]
)
def test_a_key_never_leaves_the_folder(tmp_path, key):
    with pytest.raises(ValueError, match="storage key"):
        LocalFiles(tmp_path).get(key)


def test_storage_keeps_a_key_once_and_seals_bind_a_file_to_its_key(tmp_path):
    files, key = LocalFiles(tmp_path), new_key()
    files.put(key, seal_bytes(key, PNG))
    with pytest.raises(FileExistsError):
        files.put(key, b"another")
    assert unseal_bytes(key, files.get(key)) == PNG
    with pytest.raises(SealBroken):
        unseal_bytes(new_key(), files.get(key))
    for broken in (b"", b"YLA1", b"YLA1\x02k9" + b"0" * 40):
        with pytest.raises(SealBroken):
            unseal_bytes(key, broken)
    files.remove(key)
    files.remove(key)
    with pytest.raises(NoSuchFile):
        files.get(key)


def test_over_http_a_file_is_kept_listed_and_given_only_for_saving(people, override_settings):
    from api.errors import add_error_handlers
    from api.routes.attachments import router
    from services.people.sign_in import open_session

    with unit_of_work(NOBODY) as work:
        token = open_session(work.session, work.now, people["daughter"], kind="bearer", channel="test").token
    app = FastAPI()
    add_error_handlers(app)
    app.include_router(router)
    path = f"/api/v1/elders/{people['wang']}/attachments"
    with TestClient(app, headers={"Authorization": f"Bearer {token}"}) as client:
        sent = {"file": ("../x.html", PNG, "text/html")}
        kept = client.post(path, data={"purpose": "photo"}, files=sent)
        assert kept.status_code == 201
        assert [one["content_type"] for one in client.get(path).json()] == ["image/png"]
        given = client.get(f"/api/v1/attachments/{kept.json()['id']}")
        assert given.content == PNG and given.headers["x-content-type-options"] == "nosniff"
        assert given.headers["content-disposition"].startswith("attachment;")
        too_large = client.post(
            path, data={"purpose": "photo"}, files={"file": ("x", b"0" * (LARGEST + 70_000), "a/b")}
        )
        assert too_large.status_code == 413
        assert (
            client.post(path, data={"purpose": "photo"}, files={"file": ("x.png", b"no", "image/png")}).status_code
            == 422
        )
    with TestClient(app) as nobody:
        assert nobody.get(f"/api/v1/attachments/{kept.json()['id']}").status_code == 401
