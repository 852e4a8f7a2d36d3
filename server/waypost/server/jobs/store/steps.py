"""Takes the steps in migrations/, which Alembic reads and runs."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from waypost.server.errors import ConfigError
from waypost.server.jobs.store import schema

_SCRIPTS = Path(__file__).parent / "migrations"


def take_steps(connection: Connection, *, to: str = schema.VERSION) -> None:
    """Takes those that are missing up to `to`, in the transaction of the connection.

    Raises ConfigError where a newer version of the server has been here.
    """
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    present = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise ConfigError(
            f"the job store is of version {present!r}, made by a newer server; allowed: up to {schema.VERSION!r}"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, to)
