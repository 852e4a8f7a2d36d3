"""The `waypost` command: parses, calls the client, and turns every failure into one line and an exit code.

It uses nothing but the client library; `serve` and `data` are handed to the server's own command line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import grpc

from waypost.client import commands
from waypost.client.arguments import SERVER_COMMANDS, build_parser, protect_negatives
from waypost.client.asking import Usage
from waypost.client.client import Client
from waypost.client.config import BadSettings, ClientConfig
from waypost.client.documents import failure_document, print_document
from waypost.client.errors import LookupFailed
from waypost.client.exits import Exit, exit_of
from waypost.client.extras import MissingExtra, server_command
from waypost.client.jobs.outcome import DamagedFile


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, as manual.OVERVIEW lists them."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments and arguments[0] in SERVER_COMMANDS:
            return server_command()(arguments)
        return _ask(arguments)
    except MissingExtra as error:
        return _fail(str(error), Exit.FAILED)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # What is still buffered would fail again when Python closes stdout at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE
    except OSError as error:  # a file of the caller's, or the disk that it should be written to
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error), Exit.FAILED)


def _ask(arguments: Sequence[str]) -> Exit:
    if any(_is_undecoded(argument) for argument in arguments):
        return _fail("an argument is not UTF-8", Exit.USAGE)
    flags = build_parser().parse_args(protect_negatives(arguments))
    if flags.command in SERVER_COMMANDS:
        return _fail(f"flags of the client do not go before {flags.command}", Exit.USAGE)
    try:
        config = ClientConfig.load(server=flags.server, timeout=flags.timeout)
        with Client(config.server, timeout_s=config.timeout_s) as client:
            try:
                code = commands.run(client, flags)
            except KeyboardInterrupt:
                _leave()
        sys.stdout.flush()
    except (BadSettings, Usage) as error:
        return _fail(str(error), Exit.USAGE)
    except DamagedFile as error:
        return _fail(str(error), Exit.FAILED)
    except LookupFailed as failure:
        if flags.json:
            print_document({"error": failure_document(failure)})
        return _fail(_sentence(failure, config), exit_of(failure))
    return code


def _leave() -> NoReturn:
    """End this process at once, as one that ^C has ended.

    ^C while gRPC begins a call can leave it waiting for a thread that it never started: closing the channel then hangs,
    and so does letting it go. One in a hundred watches that were interrupted at their beginning did.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(Exit.INTERRUPTED)


def _is_undecoded(argument: str) -> bool:
    """Return whether the argument holds bytes that Python could not decode, which no request can carry."""
    return any("\ud800" <= character <= "\udfff" for character in argument)


def _sentence(failure: LookupFailed, config: ClientConfig) -> str:
    """Return what went wrong for people, with what they can do where the message itself does not tell."""
    if failure.code is grpc.StatusCode.DEADLINE_EXCEEDED and failure.reason in ("", "DEADLINE_EXCEEDED"):
        return (
            f"no answer from {config.server} within {config.timeout_s:g} s; --timeout or WAYPOST_TIMEOUT gives it more"
        )
    if failure.code is grpc.StatusCode.UNAVAILABLE and not failure.reason:
        return (
            f"no server answers at {config.server} ({failure.message})\n"
            'start one with "waypost serve", or name another with --server or WAYPOST_SERVER'
        )
    if failure.violations:
        return "\n".join(violation.description for violation in failure.violations)
    return failure.message if failure.reason else str(failure)


def _fail(message: str, code: Exit) -> Exit:
    for line in message.splitlines() or [""]:
        print(f"waypost: {line}", file=sys.stderr)  # noqa: T201
    return code
