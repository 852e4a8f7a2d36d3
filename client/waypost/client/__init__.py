"""The Python client of Waypost: `Client`, `AsyncClient`, and what is needed to call them.

    from waypost.client import Client, LatLng

    with Client("127.0.0.1:50051") as client:
        for result in client.geocode("Springfield", focus=LatLng(latitude=39.8, longitude=-89.6)).results:
            print(result.place.formatted_address, result.confidence)

        job = client.submit("addresses.csv")
        print(job.result().progress)
        job.download("answers.csv")

Answers are the messages of `waypost.v1`; every call that fails is a `LookupFailed`, every job that does a `JobFailed`.
"""

from google.type.latlng_pb2 import LatLng
from google.type.postal_address_pb2 import PostalAddress

from waypost.client.aio import AsyncClient
from waypost.client.client import Client
from waypost.client.errors import FieldViolation, LookupFailed
from waypost.client.jobs.aio_handle import AsyncJobHandle
from waypost.client.jobs.handle import JobHandle
from waypost.client.jobs.outcome import DamagedFile, JobFailed
from waypost.client.requests import (
    geocode,
    geocode_table,
    get_place,
    reverse_geocode,
    reverse_geocode_table,
    stream_lookup,
    viewport,
)
from waypost.v1.places_pb2 import PlaceType, PlaceView

__all__ = [
    "AsyncClient",
    "AsyncJobHandle",
    "Client",
    "DamagedFile",
    "FieldViolation",
    "JobFailed",
    "JobHandle",
    "LatLng",
    "LookupFailed",
    "PlaceType",
    "PlaceView",
    "PostalAddress",
    "geocode",
    "geocode_table",
    "get_place",
    "reverse_geocode",
    "reverse_geocode_table",
    "stream_lookup",
    "viewport",
]
