"""`waypost serve` and `waypost data …`: argv and environment to settings, then to the app or the gazetteer.

The commands that ask a server are in waypost.client.cli.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Sequence

from waypost.server.config import Config, add_flags, read_config
from waypost.server.data_tasks import add_tasks
from waypost.server.errors import ConfigError, ImportFailed, SnapshotError
from waypost.server.exits import FAILED, INTERRUPTED, tell
from waypost.server.gazetteer.store import SnapshotStore
from waypost.server.logs import configure_logs
from waypost.server.running import registered


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser(words).parse_args(words)
    try:
        flags = {name: value for name, value in vars(arguments).items() if name in _settings()}
        config = read_config(flags, listens=words[:1] == ["serve"])
        configure_logs(config.log_format, config.log_level)
        return int(arguments.run(config, arguments))
    except (ConfigError, SnapshotError, ImportFailed) as error:
        return tell(error)
    except OSError as error:
        if words[:1] != ["data"]:
            raise
        told = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
        print(f"waypost: the system refused: {told}", file=sys.stderr)  # noqa: T201
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="waypost")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the API; builds the gazetteer first if there is none")
    add_flags(serve)
    serve.set_defaults(run=_serve)

    data = commands.add_parser("data", help="build, extend, show and prune the gazetteer's snapshots")
    if words[:1] == ["data"]:
        tasks = data.add_subparsers(required=True, metavar="TASK")
        add_tasks(tasks, asked=words[1] if len(words) > 1 else "")
    return parser


def _settings() -> frozenset[str]:
    return frozenset(Config.__dataclass_fields__)


def _serve(config: Config, _: argparse.Namespace) -> int:
    if SnapshotStore(config.data_dir).present_id() is None:
        # In a process of its own: what a build takes, above a gigabyte, would stay with the server.
        command = [sys.executable, "-m", "waypost.server.cli", "data", "build", "--data-dir", str(config.data_dir)]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own words, no shell
            return FAILED
    # Until it can be heeded, a wish to reload waits; it would end the process otherwise.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    with registered(config.data_dir):
        # Not at the top: help and wrong settings need none of what serves, and who starts workers does not either.
        if config.workers > 1:
            from waypost.server.workers import serve_with_workers

            return serve_with_workers(config)
        from waypost.server.app import run

        run(config)
        return 0


if __name__ == "__main__":
    sys.exit(main())
