"""`waypost jobs …`: each command asks the client and shows the answer, and returns the exit code."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

from waypost.client.asking import Usage
from waypost.client.client import Client
from waypost.client.documents import document_of, print_document
from waypost.client.exits import Exit
from waypost.client.following import exit_of_job, follow, print_events
from waypost.client.job_asking import job_filter, local_target
from waypost.client.job_bar import JobBar
from waypost.client.job_display import show_job, show_jobs
from waypost.client.job_wording import rows_text, state_text, why
from waypost.client.jobs.handle import JobHandle
from waypost.client.jobs.requests import job_name
from waypost.v1.jobs_pb2 import Job

_PAGE = 100


def run(client: Client, flags: argparse.Namespace) -> Exit:
    """Carry out the command; raise Usage, LookupFailed, DamagedFile or OSError."""
    match flags.jobs_command:
        case "list":
            return _list(client, flags)
        case "show":
            return _show(client.get_job(flags.job), as_json=flags.json)
        case "watch":
            return _watch(client.job(flags.job), flags)
        case "results":
            return _results(client.job(flags.job), flags)
        case "pause":
            return _each(flags, client.pause_job)
        case "resume":
            return _each(flags, client.resume_job)
        case "cancel":
            return _each(flags, lambda name: _cancelled(client, name))
    return _delete(client, flags)


def _list(client: Client, flags: argparse.Namespace) -> Exit:
    jobs: list[Job] = []
    page_token = ""
    while len(jobs) < flags.limit:
        size = min(_PAGE, flags.limit - len(jobs))
        page = client.list_jobs(filter=job_filter(flags), page_size=size, page_token=page_token)
        jobs += page.jobs
        page_token = page.next_page_token
        if not page_token:
            break
    if flags.json:
        print_document({"jobs": [document_of(job) for job in jobs]})
    elif jobs:
        show_jobs(jobs)
    return Exit.FOUND if jobs else Exit.NOT_FOUND


def _show(job: Job, *, as_json: bool) -> Exit:
    if as_json:
        print_document(document_of(job))
    else:
        show_job(job)
    return Exit.FOUND


def _watch(handle: JobHandle, flags: argparse.Namespace) -> Exit:
    if flags.json or flags.after is not None or not (sys.stdout.isatty() and sys.stderr.isatty()):
        standing = print_events(handle, flags.after, as_json=flags.json)
    else:
        with JobBar() as bar:
            standing = follow(handle, bar)
        because = why(standing.reason, standing.message)
        because = f": {because}" if because else ""
        print(f"{handle.name} is {state_text(standing.state)}{because}; {rows_text(standing.progress)}")  # noqa: T201
    # A cursor at the end of a finished job tells of no state.
    return exit_of_job(standing.state or handle.job().state)


def _results(handle: JobHandle, flags: argparse.Namespace) -> Exit:
    if flags.output:
        target = local_target(flags)
        if target is None:
            raise Usage(f"{flags.output} is no path here; where the server writes is chosen with the job")
        with JobBar() as bar:
            written = handle.download(target, report=flags.report or None, on_bytes=bar.show_fetching)
        for path in written:
            print(path)  # noqa: T201
        return Exit.FOUND
    if flags.report:
        raise Usage("--report needs -o")
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    for row in handle.rows(after_row=flags.after_row, follow=flags.follow):
        print(json.dumps(row, ensure_ascii=plain))  # noqa: T201
    return Exit.FOUND


def _each(flags: argparse.Namespace, change: Callable[[str], Job]) -> Exit:
    for name in flags.job:
        job = change(name)
        if flags.json:
            print_document(document_of(job), indent=None)
        else:
            print(f"{job.name} is {state_text(job.state)}")  # noqa: T201
    return Exit.FOUND


def _cancelled(client: Client, name: str) -> Job:
    client.cancel_operation(name)
    return client.get_job(name)


def _delete(client: Client, flags: argparse.Namespace) -> Exit:
    for name in flags.job:
        client.delete_job(name)
        if not flags.json:
            print(f"{job_name(name)} is deleted")  # noqa: T201
    return Exit.FOUND
