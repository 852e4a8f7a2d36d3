"""`waypost batch`: a file in, a file out, and a job of the server's between them."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from waypost.client.asking import Usage
from waypost.client.client import Client
from waypost.client.documents import document_of, print_document
from waypost.client.errors import LookupFailed
from waypost.client.exits import Exit
from waypost.client.following import exit_of_job, follow
from waypost.client.job_asking import is_uri, local_target, options, reading
from waypost.client.job_bar import JobBar
from waypost.client.job_display import show_preflight, show_summary
from waypost.client.job_wording import state_text, why
from waypost.client.jobs import requests
from waypost.client.jobs.handle import JobHandle
from waypost.client.jobs.outcome import DamagedFile, outcome_of
from waypost.client.jobs.source import input_from
from waypost.v1.jobs_pb2 import Job, Preflight, Upload

_WITH_FILES = (Job.STATE_SUCCEEDED, Job.STATE_PARTIALLY_SUCCEEDED)
_PREFLIGHT_TIMEOUT_S = 60.0  # a sample of a thousand rows is answered, after a start perhaps the first ones at all


def run(client: Client, flags: argparse.Namespace) -> Exit:
    """Carry out the command; raise Usage, LookupFailed, DamagedFile or OSError."""
    began = time.monotonic()
    if not (flags.output or flags.detach or flags.dry_run):
        raise Usage("say where the results go: -o PATH; or --detach, to fetch them later")
    if not is_uri(flags.input) and not Path(flags.input).is_file():
        raise Usage(f"{flags.input} is no file; give a path, or a URI such as file:///… that the server can read")
    how, what = reading(flags), options(flags)
    target = None if flags.detach or flags.dry_run else local_target(flags)
    source = flags.input if is_uri(flags.input) else _uploaded(client, flags)
    if flags.dry_run:
        _say_kept(source)
        return _look(client, requests.job(input_from(source, how), **what), as_json=flags.json)
    try:
        handle = client.submit(source, reading=how, **what)
    except LookupFailed:
        _say_kept(source)
        raise
    if flags.detach:
        return _leave(handle, flags)
    with _coming_back(handle, flags), JobBar() as bar:
        standing = follow(handle, bar)
        job = handle.job()
        written = [] if target is None or job.state not in _WITH_FILES else _fetch(handle, target, flags, bar)
    if written and isinstance(source, Upload) and not flags.upload:
        with suppress(LookupFailed):  # it expires anyhow; until then it would take the server's disk
            client.delete_upload(source.name)
    _tell(job, written, time.monotonic() - began, as_json=flags.json)
    code = exit_of_job(standing.state)
    if code not in (Exit.FOUND, Exit.PARTIAL):
        because = why(job.state_reason, job.state_message)
        _say(f"{job.name} is {state_text(job.state)}" + (f": {because}" if because else ""))
        _say_ways(handle, flags)
    return code


def _uploaded(client: Client, flags: argparse.Namespace) -> Upload:
    path = Path(flags.input)
    size_bytes = path.stat().st_size
    upload = client.get_upload(flags.upload) if flags.upload else client.create_upload(size_bytes=size_bytes)
    try:
        with JobBar() as bar:
            return client.upload(path, to=upload, on_bytes=lambda done: bar.show_bytes("uploading", done, size_bytes))
    except (KeyboardInterrupt, LookupFailed):
        _say(f"what was sent is kept in {upload.name}; to go on: the same command and --upload {upload.name}")
        raise


def _say_kept(source: Upload | str) -> None:
    if isinstance(source, Upload):
        _say(f"the input is kept for a while; --upload {source.name} uses it without sending it again")


def _look(client: Client, job: Job, *, as_json: bool) -> Exit:
    operation = client.create_job(job, validate_only=True, timeout_s=_PREFLIGHT_TIMEOUT_S)
    answer = outcome_of(operation)
    preflight = Preflight() if answer is None else answer.preflight
    if as_json:
        print_document(document_of(preflight))
    else:
        show_preflight(preflight)
    return Exit.FOUND


def _leave(handle: JobHandle, flags: argparse.Namespace) -> Exit:
    if flags.json:
        print_document({"operation": handle.operation, "job": handle.name})
    else:
        print(handle.operation)  # noqa: T201
        _say_ways(handle, flags)
    return Exit.FOUND


def _fetch(handle: JobHandle, target: Path, flags: argparse.Namespace, bar: JobBar) -> list[Path]:
    return handle.download(target, report=flags.report or None, on_bytes=bar.show_fetching)


@contextmanager
def _coming_back(handle: JobHandle, flags: argparse.Namespace) -> Iterator[None]:
    """Say how to come back to the job where the command has to leave it."""
    try:
        yield
    except (KeyboardInterrupt, LookupFailed, DamagedFile, OSError):
        _say(f"{handle.name} goes on without this command")
        _say_ways(handle, flags)
        raise


def _tell(job: Job, written: list[Path], seconds: float, *, as_json: bool) -> None:
    if as_json:
        print_document({"job": document_of(job), "written": [str(path) for path in written]})
    else:
        show_summary(job, written, seconds)


def _say_ways(handle: JobHandle, flags: argparse.Namespace) -> None:
    server = f" --server {shlex.quote(flags.server)}" if flags.server else ""
    output = shlex.quote(flags.output or "PATH")
    ways = (("come back", "watch", ""), ("fetch", "results", f" -o {output}"), ("stop it", "cancel", ""))
    for purpose, command, rest in ways:
        _say(f"{purpose + ':':<11}waypost jobs {command} {handle.name}{rest}{server}")


def _say(line: str) -> None:
    print(f"waypost: {line}", file=sys.stderr)  # noqa: T201
