"""Brings the tables of a job store to what this version of the server knows, when the store is opened."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from waypost.server.errors import ConfigError
from waypost.server.jobs.store.database import Database

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(database: Database, *, to: str = "head") -> None:
    """Runs the migrations that are missing up to `to`, in one transaction; of several processes one does it.

    Raises ConfigError where a newer version of the server has been here.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    with database.migrating() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        if present == scripts.get_current_head():
            return
        if present is not None and present not in {script.revision for script in scripts.walk_revisions()}:
            raise ConfigError(
                f"the job store is of version {present!r}, made by a newer server; allowed: up to "
                f"{scripts.get_current_head()!r}"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, to)
