from uuid import UUID

import pytest

from waypost.client.jobs import requests
from waypost.v1.jobs_pb2 import GetPlaceOptions, Job, JobInput, JobOperation


@pytest.mark.parametrize("name", ["7", "jobs/7", "operations/7"])
def test_a_job_is_found_by_its_id_its_name_and_its_operation(name: str) -> None:
    assert requests.job_name(name) == "jobs/7"
    assert requests.operation_name(name) == "operations/7"


def test_rows_are_geocoded_unless_another_operation_is_asked_for() -> None:
    assert requests.job(JobInput()).operation.WhichOneof("options") == "geocode"
    other = requests.job(JobInput(), operation=JobOperation(get_place=GetPlaceOptions()), priority=3)
    assert other.operation.WhichOneof("options") == "get_place"
    assert other.priority == 3


def test_a_request_id_is_made_unless_it_is_given() -> None:
    assert UUID(requests.create_job(Job()).request_id).version == 4
    assert requests.create_job(Job(), request_id="mine").request_id == "mine"
    assert requests.create_job(Job()).request_id != requests.create_job(Job()).request_id


def test_only_what_is_given_is_updated() -> None:
    priority = requests.update_job("7", priority=0)
    assert (list(priority.update_mask.paths), priority.job.name) == (["priority"], "jobs/7")
    labels = requests.update_job("7", labels={}, etag="e")
    assert (list(labels.update_mask.paths), labels.job.etag) == (["labels"], "e")


def test_a_watch_from_the_beginning_differs_from_one_without_a_cursor() -> None:
    assert requests.watch_job("7", 0).HasField("after_sequence")
    assert not requests.watch_job("7").HasField("after_sequence")


def test_seconds_become_a_duration() -> None:
    request = requests.wait_operation("7", 1.5)
    assert (request.name, request.timeout.seconds, request.timeout.nanos) == ("operations/7", 1, 500_000_000)
