"""Everything the house keeps in one sealed file, and the way back: nothing is restored unchecked.

PostgreSQL is the truth, so a backup is its dump, the attachments (sealed as they lie) and a manifest with their
hashes and every table's row count at the very snapshot of the dump. Redis only carries ids and is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from services import migrating
from services.errors import Conflict, Unavailable
from services.people.attachments import missing_files
from services.people.storage import NoSuchFile, storage
from services.settings import settings
from services.unit_of_work import SYSTEM, unit_of_work
from timebank.verify import verify
from workers.vault import BackupBroken, SealingWriter, unseal_to

SCHEMAS = ("public", "geo", "timebank")
EXTENSIONS = ("postgis", "btree_gist", "pgcrypto")
CHOSEN = [*(f"--schema={name}" for name in SCHEMAS), *(f"--extension={name}" for name in EXTENSIONS)]
FORMAT = "yinling backup 1"
_ATTACHMENT = re.compile(r"attachments/([0-9a-f]{2}/[0-9a-f]{32})")
_TOOL = re.compile(r"\(PostgreSQL\) (\d+)")
ROOT = Path(__file__).resolve().parent.parent


class DatabaseNotEmpty(Conflict):
    """There is already a house in this database."""

    message_zh = "目标数据库不是空的，未作任何改动；确实要覆盖请加 --force。"


class ToolFailed(Unavailable):
    """pg_dump or pg_restore is missing, too old, or stopped."""

    message_zh = "pg_dump 或 pg_restore 不可用，或未能完成。"


class RestoreDiffers(Conflict):
    """What was restored is not what was saved."""

    message_zh = "恢复的内容与备份清单不一致。"


@dataclass(frozen=True)
class Saved:
    """What a backup holds, or what a restore brought back and checked."""

    tables: int
    rows: int
    attachments: int
    transfers: int
    size_bytes: int


def save(file: Path) -> Saved:
    """Write a backup; the file appears whole or not at all, readable by this system user only.

    Raises FileExistsError when there already is such a file, ToolFailed, NoSuchFile for a missing attachment.
    """
    if file.exists():
        raise FileExistsError(file)
    with tempfile.TemporaryDirectory(prefix="yl-backup-", dir=file.parent) as place:
        folder, draft = Path(place), Path(place) / "sealed"
        manifest = _dump(folder / "database.dump")
        manifest["attachments"] = _hashes_of_attachments()
        with draft.open("xb") as raw:
            os.chmod(draft, 0o600)
            sealed = SealingWriter(raw)
            with tarfile.open(fileobj=cast(BinaryIO, sealed), mode="w|") as tar:
                _write(tar, folder, manifest)
            sealed.finish()
            raw.flush()
            os.fsync(raw.fileno())
        os.link(draft, file)  # refuses to replace what appeared meanwhile
    return _saved(manifest, file)


def restore(file: Path, *, force: bool = False) -> Saved:
    """Bring a backup back into the database of DATABASE_URL, which must be empty unless forced.

    The whole file is opened and checked before anything is touched; the database is restored in one transaction,
    its row counts are compared, then the ledger and every attachment verify. Raises BackupBroken,
    DatabaseNotEmpty, ToolFailed, RestoreDiffers.
    """
    with tempfile.TemporaryDirectory(prefix="yl-restore-", dir=file.parent) as place:
        manifest = _open(file, Path(place))
        with _connect() as connection:
            _make_room(connection, force)
        _fill(Path(place) / "database.dump")
        with _connect() as connection:
            counts = _row_counts(connection)
        differing = {name: n for name, n in manifest["rows"].items() if counts.get(name) != n}
        if differing or counts.keys() != manifest["rows"].keys():
            raise RestoreDiffers(tables=sorted({*differing, *(counts.keys() ^ manifest["rows"].keys())}))
        _put_back_attachments(Path(place) / "attachments", manifest["attachments"])
    migrating.upgrade()
    with unit_of_work(SYSTEM, login="jobs") as work:
        ledger, wrong = verify(work.session), missing_files(work.session)
    if not ledger.ok or wrong:
        raise RestoreDiffers(ledger=ledger.as_json(), attachments=wrong)
    return _saved(manifest, file)


def _saved(manifest: dict[str, Any], file: Path) -> Saved:
    rows = manifest["rows"]
    return Saved(
        tables=len(rows),
        rows=sum(rows.values()),
        attachments=len(manifest["attachments"]),
        transfers=rows.get("timebank.transfer", 0),
        size_bytes=file.stat().st_size,
    )


def _dump(into: Path) -> dict[str, Any]:
    """Dump the database and count its rows at the same snapshot."""
    with _connect() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = connection.execute("SELECT pg_export_snapshot(), current_setting('server_version'), now()").fetchone()
        assert found is not None
        counts = _row_counts(connection)
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        options = ["--format=custom", "--no-password", f"--snapshot={found[0]}", f"--file={into}"]
        _run("pg_dump", [*options, *CHOSEN, "-d", _address()])
    return {
        "format": FORMAT,
        "made_at": found[2].isoformat(),
        "server_version": found[1],
        "revision": revision[0] if revision else None,
        "database_sha256": _sha256(into),
        "rows": counts,
    }


def _hashes_of_attachments() -> dict[str, str]:
    with _connect() as connection:
        keys = [row[0] for row in connection.execute("SELECT storage_key FROM attachment ORDER BY id")]
    return {key: hashlib.sha256(storage().get(key)).hexdigest() for key in keys}


def _write(tar: tarfile.TarFile, folder: Path, manifest: dict[str, Any]) -> None:
    told = folder / "manifest.json"
    told.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    tar.add(told, "manifest.json")
    tar.add(folder / "database.dump", "database.dump")
    for key in manifest["attachments"]:
        loose = folder / "attachment"
        loose.write_bytes(storage().get(key))
        tar.add(loose, f"attachments/{key}")


def _open(file: Path, folder: Path) -> dict[str, Any]:
    """Unseal a backup into a folder and check all that the manifest says. Raises BackupBroken."""
    plain = folder / "plain.tar"
    with file.open("rb") as source, plain.open("xb") as into:
        os.chmod(plain, 0o600)
        unseal_to(source, into)
    found: dict[str, str] = {}
    with tarfile.open(plain, mode="r:") as tar:
        for member in tar:
            named = member.name in ("manifest.json", "database.dump") or _ATTACHMENT.fullmatch(member.name)
            content = tar.extractfile(member)
            if not named or not member.isreg() or content is None:
                raise BackupBroken(reason="unknown entry")
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as into:
                shutil.copyfileobj(content, into)
            found[member.name] = _sha256(path)
    plain.unlink()
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    told = {"database.dump": manifest["database_sha256"]}
    told |= {f"attachments/{key}": digest for key, digest in manifest["attachments"].items()}
    found.pop("manifest.json")
    if manifest["format"] != FORMAT or found != told:
        raise BackupBroken(reason="contents differ from the manifest")
    return manifest


def _make_room(connection: psycopg.Connection[Any], force: bool) -> None:
    """See that the database is empty (or empty it when forced) and that the roles exist."""
    there = _tables(connection)
    if there and not force:
        raise DatabaseNotEmpty(database=connection.info.dbname, tables=len(there))
    for name in SCHEMAS:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
    connection.execute((ROOT / "sql" / "000_roles.sql").read_text(encoding="utf-8"))


def _fill(dump: Path) -> None:
    """Restore the dump in one transaction; the dump brings the three schemas itself."""
    try:
        _run("pg_restore", ["--single-transaction", "--exit-on-error", "--no-password", "-d", _address(), dump])
    finally:
        with _connect() as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS public")  # a failed restore leaves an ordinary database


def _put_back_attachments(folder: Path, hashes: dict[str, str]) -> None:
    """Put the files back; one already there must be the same."""
    for key, digest in hashes.items():
        try:
            there = storage().get(key)
        except NoSuchFile:
            storage().put(key, (folder / key).read_bytes())
            continue
        if hashlib.sha256(there).hexdigest() != digest:
            raise RestoreDiffers(attachment=key)


def _tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Give our own tables: those of an extension are left out."""
    found = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(%s) AND NOT EXISTS (SELECT FROM pg_depend d "
        "WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') ORDER BY 1, 2",
        (list(SCHEMAS),),
    )
    return [(row[0], row[1]) for row in found]


def _row_counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    counts = {}
    for schema, table in _tables(connection):
        found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))).fetchone()
        counts[f"{schema}.{table}"] = int(found[0]) if found else 0
    return counts


def _connection_facts() -> dict[str, Any]:
    url = settings().url("setup").set(drivername="postgresql")
    return dict(conninfo_to_dict(url.render_as_string(hide_password=False)))


def _connect() -> psycopg.Connection[Any]:
    return psycopg.connect(make_conninfo(**_connection_facts()), connect_timeout=10)


def _address() -> str:
    """Give the connection without its password, which must not stand in a process list."""
    return make_conninfo(**{name: value for name, value in _connection_facts().items() if name != "password"})


def _run(tool: str, words: list[str | Path]) -> None:
    password = _connection_facts().get("password")
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": "10"}
    if password:
        env["PGPASSWORD"] = str(password)
    done = subprocess.run(
        [_tool(tool), *map(str, words)], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ToolFailed(tool=tool, said=done.stderr.strip()[-800:])


def _tool(tool: str) -> str:
    """Find the newest pg_dump or pg_restore of this machine, at least as new as the server."""
    places = [*Path("/usr/lib/postgresql").glob(f"*/bin/{tool}"), Path(shutil.which(tool) or "/nowhere")]
    found = [(_version(path), str(path)) for path in places if path.exists()]
    with _connect() as connection:
        server = connection.info.server_version // 10000
    if not found or max(found)[0] < server:
        raise ToolFailed(tool=tool, needed=f"postgresql-client-{server}")
    return max(found)[1]


def _version(path: Path) -> int:
    told = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False).stdout
    match = _TOOL.search(told)
    return int(match[1]) if match else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
