"""Opening a database: tables from nothing, once, and what cannot be used is told."""

from __future__ import annotations

import os
import resource
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, make_url, text
from sqlalchemy.exc import DBAPIError

from tests.job_stores import spec
from tests.postgres import Postgres
from waypost.server.errors import ConfigError, ResourceExhausted, Unavailable
from waypost.server.jobs import codec
from waypost.server.jobs.states import JobState
from waypost.server.jobs.store import JobStore, schema
from waypost.server.jobs.store.database import Database
from waypost.server.jobs.store.steps import take_steps

STEPS = Path(schema.__file__).parent / "migrations"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/jobs.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.empty_url()


def test_migrations_make_the_tables_of_the_schema_and_no_others(empty_url: str) -> None:
    JobStore.open(empty_url).close()
    database = Database(empty_url)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    database.close()


def test_the_version_of_the_schema_is_the_last_step() -> None:
    assert ScriptDirectory(str(STEPS)).get_heads() == [schema.VERSION]


def test_opening_again_changes_nothing(empty_url: str) -> None:
    with JobStore.open(empty_url) as store:
        job = store.create_job(spec())
    with JobStore.open(empty_url) as store:
        assert store.job(job.job_id) == job


def test_a_store_of_the_first_version_keeps_what_is_in_it(empty_url: str) -> None:
    database = Database(empty_url)
    with database.migrating() as connection:
        take_steps(connection, to="0001")
        for table, values in (
            ("jobs", {"job_id": "j", "spec": codec.SPEC.dump(spec()), "snapshot_id": "s", "priority": 0,
                      "state": 4, "reason_code": "", "reason_message": "", "engine_version": "", "create_time_s": 1.0,
                      "update_time_s": 1.0, "revision": 1, "last_sequence": 3, "prepared": True, "confirmed": False,
                      "operation_deleted": False, "lease_token": 1}),
            ("shards", {"job_id": "j", "first_row": 1, "last_row": 9, "file": "f", "file_first_row": 1, "state": 1,
                        "attempts": 2, "reason": "WORKER_LOST"}),
        ):  # fmt: skip
            names = ", ".join(values)
            places = ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)  # noqa: S608
    database.close()
    with JobStore.open(empty_url) as store:
        assert store.job("j").state is JobState.RUNNING
        (shard,) = store.shards("j")
        assert (shard.last_row, shard.attempts, shard.reason, shard.pieces) == (9, 2, "WORKER_LOST", ())


def test_of_processes_that_open_a_new_store_at_once_one_makes_it(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        stores = list(threads.map(JobStore.open, [empty_url] * 4))
    for store in stores:
        store.create_job(spec())
    assert len(stores[0].list_jobs(limit=9).items) == 4
    for store in stores:
        store.close()


def test_a_store_that_a_newer_server_has_migrated_is_left_alone(empty_url: str) -> None:
    JobStore.open(empty_url).close()
    database = Database(empty_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(ConfigError, match="newer server"):
        JobStore.open(empty_url)


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://secret@host/x", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        JobStore.open(url)
    assert "secret" not in refused.value.message


def test_a_full_disk_is_told_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    with JobStore.open(url) as store:
        limit_pages(store, extra=4)
        with pytest.raises(ResourceExhausted) as refused:
            store.create_job(spec(), inline=b"x" * 1_000_000)
        assert refused.value.reason == "DISK_FULL"
        assert store.list_jobs(limit=1).items == ()


def limit_pages(store: JobStore, extra: int) -> None:
    """Lets every connection of the store add only so many pages to the file."""
    database: Database = store._database

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages + extra}")

    database.engine.dispose()
    event.listen(database.engine, "connect", limit)


def test_a_file_that_somebody_holds_is_told_as_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("waypost.server.jobs.store.database._LOCK_TIMEOUT_S", 0.05)
    with JobStore.open(f"sqlite:///{tmp_path}/jobs.sqlite") as store:
        other = sqlite3.connect(tmp_path / "jobs.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ResourceExhausted) as refused:
            store.create_job(spec())
        other.execute("ROLLBACK")
        other.close()
        assert refused.value.reason == "TOO_BUSY"
        store.create_job(spec())


def test_a_folder_that_went_away_is_told_as_such_until_it_is_back(tmp_path: Path) -> None:
    with JobStore.open(f"sqlite:///{tmp_path}/here/jobs.sqlite") as store:
        store._database.engine.dispose()
        (tmp_path / "here").rename(tmp_path / "gone")
        with pytest.raises(Unavailable) as refused:
            store.create_job(spec())
        assert refused.value.reason == "STORE_UNREACHABLE"
        (tmp_path / "gone").rename(tmp_path / "here")
        store.create_job(spec())


def test_a_write_that_the_system_refuses_is_told_as_a_full_disk(tmp_path: Path) -> None:
    with JobStore.open(f"sqlite:///{tmp_path}/jobs.sqlite") as store:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        # What SQLite gets then is no ENOSPC, and neither is what a quota gives.
        resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "jobs.sqlite-wal").stat().st_size + 10_000, hard))
        try:
            with pytest.raises(ResourceExhausted) as refused:
                store.create_job(spec(), inline=b"x" * 1_000_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert refused.value.reason == "DISK_FULL"
        assert isinstance(refused.value.__cause__, DBAPIError)
        assert refused.value.__cause__.orig.sqlite_errorname.startswith("SQLITE_IOERR")  # type: ignore[union-attr]
        assert store.list_jobs(limit=1).items == ()


def test_a_file_that_cannot_be_read_is_told_as_a_store_that_is_away_and_not_as_a_full_disk(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    with JobStore.open(url) as store:
        with JobStore.open(url) as other:
            other.create_job(spec())  # so that the first store has to read what it would remember otherwise
        take_reading_away(tmp_path / "jobs.sqlite", tmp_path / "jobs.sqlite-wal")
        with pytest.raises(Unavailable) as refused:
            store.list_jobs(limit=1)
        assert isinstance(refused.value.__cause__, DBAPIError)
        assert refused.value.__cause__.orig.sqlite_errorname.startswith("SQLITE_IOERR")  # type: ignore[union-attr]
    assert refused.value.reason == "STORE_UNREACHABLE"


def take_reading_away(*paths: Path) -> None:
    """Puts files that cannot be read in the places of those that this process has open."""
    with Path(os.devnull).open("wb") as unreadable:
        for link in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):
                if link.readlink() in paths:
                    os.dup2(unreadable.fileno(), int(link.name))


@pytest.mark.parametrize("code", ["XX000", "XX001"])
def test_a_database_that_is_broken_is_not_told_as_one_that_comes_back(migrated_postgres: Postgres, code: str) -> None:
    with migrated_postgres.lent() as url:
        database = Database(url)
        with pytest.raises(DBAPIError), database.reading() as connection:
            connection.exec_driver_sql(f"DO $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = '{code}'; END $$")
        database.close()


def test_more_calls_at_once_than_connections_are_told_to_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("waypost.server.jobs.store.database._LOCK_TIMEOUT_S", 0.05)
    monkeypatch.setattr("waypost.server.jobs.store.database._CONNECTIONS", 2)
    with JobStore.open(f"sqlite:///{tmp_path}/jobs.sqlite") as store, ExitStack() as held:
        for _ in range(2):
            held.enter_context(store._database.reading())
        with pytest.raises(ResourceExhausted) as refused:
            store.list_jobs(limit=1)
        assert refused.value.reason == "TOO_BUSY"


def test_options_of_the_operators_url_are_kept_beside_ours(migrated_postgres: Postgres) -> None:
    with migrated_postgres.lent() as url:
        database = Database(
            make_url(url)
            .update_query_dict({"options": "-c statement_timeout=12345"})
            .render_as_string(hide_password=False)
        )
        with database.reading() as connection:
            shown = [
                connection.execute(text(f"SHOW {name}")).scalar_one()
                for name in ("statement_timeout", "idle_in_transaction_session_timeout")
            ]
        database.close()
    assert shown == ["12345ms", "10s"]


def test_a_standby_that_takes_no_writes_is_told_as_a_store_that_is_away(migrated_postgres: Postgres) -> None:
    with migrated_postgres.lent() as url:
        asked = make_url(url).update_query_dict({"options": "-c default_transaction_read_only=on"})
        with JobStore.open(asked.render_as_string(hide_password=False)) as store:
            with pytest.raises(Unavailable) as refused:
                store.create_job(spec())
            assert store.list_jobs(limit=1).items == ()
    assert refused.value.reason == "STORE_UNREACHABLE"


def test_a_file_that_takes_no_writes_is_told_as_a_store_that_is_away(tmp_path: Path) -> None:
    with JobStore.open(f"sqlite:///{tmp_path}/jobs.sqlite") as store:
        store._database.engine.dispose()
        event.listen(store._database.engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only=ON"))
        with pytest.raises(Unavailable) as refused:
            store.create_job(spec())
        assert store.list_jobs(limit=1).items == ()
    assert refused.value.reason == "STORE_UNREACHABLE"


def test_a_session_that_slept_in_its_transaction_finds_the_store_away(migrated_postgres: Postgres) -> None:
    with migrated_postgres.lent() as url, psycopg.connect(url, autocommit=True) as other:
        database = Database(url)

        def sleep_in_a_transaction() -> None:
            with database.writing() as connection:
                pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
                connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 1"))
                while other.execute("SELECT pg_sleep(0.01) FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone():
                    pass
                connection.execute(text("SELECT 1"))

        with pytest.raises(Unavailable) as refused:
            sleep_in_a_transaction()
        assert refused.value.reason == "STORE_UNREACHABLE"
        with database.writing() as connection:
            connection.execute(text("SELECT 1"))
        database.close()


def test_a_database_that_went_away_is_told_as_such(postgres: Postgres, tmp_path: Path) -> None:
    url = make_url(postgres.empty_url()).update_query_dict({"host": str(tmp_path)})
    with pytest.raises(Unavailable) as refused:
        JobStore.open(url.render_as_string(hide_password=False))
    assert refused.value.reason == "STORE_UNREACHABLE"


def test_a_commit_is_synced_unless_it_is_only_progress(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/jobs.sqlite")
    levels: dict[bool, int] = {}
    for durable in (True, False):
        with database.writing(durable=durable) as connection:
            levels[durable] = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    database.close()
    assert levels == {True: 2, False: 1}
