"""What a process does not import: each library is a part of every start, and of the memory of every server."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("aiohttp", "alembic", "grpc", "nats", "numba", "osmium", "psycopg", "shapely", "sqlalchemy")


@pytest.mark.parametrize(
    ("does", "needed"),
    [
        ("from waypost.server.cli import main; main(['data', 'list', '--data-dir', 'nowhere'])", set()),
        ("import waypost.server.app", {"grpc", "numba", "sqlalchemy"}),
        ("import waypost.server.cli, waypost.server.workers", set()),
    ],
    ids=["data list", "serve", "serve --workers"],
)
def test_a_command_imports_no_library_that_it_does_not_need(does: str, needed: set[str]) -> None:
    told = f"{does}; import sys; print('imported', *(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert set(done.stdout.splitlines()[-1].split()[1:]) == needed
