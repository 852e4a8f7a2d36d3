import json

from google.longrunning import operations_pb2

from waypost.client.channel import channel_options, service_config
from waypost.v1 import geocoding_pb2, jobs_pb2, places_pb2

NOT_REPEATED = {("waypost.v1.JobService", "UploadInput")}  # goes on from what was committed instead


def test_every_rpc_that_may_be_repeated_is_in_the_published_service_config() -> None:
    config = json.loads(service_config())
    published = {(name["service"], name["method"]) for m in config["methodConfig"] for name in m["name"]}
    services = [
        *geocoding_pb2.DESCRIPTOR.services_by_name.values(),
        *places_pb2.DESCRIPTOR.services_by_name.values(),
        *jobs_pb2.DESCRIPTOR.services_by_name.values(),
        *operations_pb2.DESCRIPTOR.services_by_name.values(),
    ]
    every = {(service.full_name, method.name) for service in services for method in service.methods}
    assert published == every - NOT_REPEATED


def test_only_unavailable_is_retried_and_at_most_five_times() -> None:
    (method_config,) = json.loads(service_config())["methodConfig"]
    policy = method_config["retryPolicy"]
    assert policy["retryableStatusCodes"] == ["UNAVAILABLE"]
    assert policy["maxAttempts"] == 5


def test_the_callers_channel_options_win() -> None:
    options = channel_options([("grpc.keepalive_time_ms", 1)])
    assert options[-1] == ("grpc.keepalive_time_ms", 1)
