"""Names for tests that talk to a server process; the fixtures are in tests/conftest.py."""

from tests.server_process import Server

__all__ = ["Server"]
