"""Run by Alembic within the transaction that migrate.py has begun.

A new step is a file in versions/, written by hand and named after its number, which is schema.VERSION from then on. It
never changes once it was released. Tests compare what the steps make with schema.py.
"""

from alembic import context

from waypost.server.jobs.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes a table by making a new one.
    render_as_batch=True,
)
context.run_migrations()
