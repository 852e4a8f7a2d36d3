"""grpcurl as a client of another make: it knows our services by reflection alone."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.server_process import Server
from tests.tools import tool


def grpcurl(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [tool("grpcurl"), "-plaintext", *arguments]
    method = command.pop()
    return subprocess.run(
        [*command, server.address, *method.split(" ")], capture_output=True, text=True, timeout=60, check=False
    )


def ask(server: Server, method: str, request: dict[str, Any]) -> dict[str, Any]:
    done = grpcurl(server, "-d", json.dumps(request), f"waypost.v1.{method}")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_it_lists_and_describes_the_services(server: Server) -> None:
    services = grpcurl(server, "list").stdout.split()
    assert services == [
        "google.longrunning.Operations",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
        "waypost.v1.GeocodingService",
        "waypost.v1.JobService",
        "waypost.v1.PlaceService",
    ]
    described = grpcurl(server, "describe waypost.v1.GeocodingService").stdout
    assert "rpc StreamTables ( stream .waypost.v1.StreamTablesRequest )" in described
    assert "rpc ServerReflectionInfo" in grpcurl(server, "describe grpc.reflection.v1.ServerReflection").stdout


def test_it_geocodes(server: Server) -> None:
    answer = ask(server, "GeocodingService/Geocode", {"query": "東京", "max_results": 1})
    (result,) = answer["results"]
    assert result["place"]["addressComponents"][-1]["shortText"] == "JP"
    assert answer["snapshot"].startswith("snapshots/")
    assert answer["attributions"]


def test_it_geocodes_an_address(server: Server) -> None:
    address = {"region_code": "AT", "locality": "Wien"}
    answer = ask(server, "GeocodingService/Geocode", {"address": address, "max_results": 1})
    assert answer["results"][0]["place"]["location"]["latitude"] == pytest.approx(48.2, abs=0.2)


def test_it_geocodes_in_reverse(server: Server) -> None:
    location = {"latitude": 48.2083, "longitude": 16.3731}
    answer = ask(server, "GeocodingService/ReverseGeocode", {"location": location})
    assert answer["results"][0]["place"]["addressComponents"][-1]["shortText"] == "AT"


def test_it_reads_a_place_by_its_name(server: Server) -> None:
    found = ask(server, "GeocodingService/Geocode", {"query": "Reykjavík", "max_results": 1})["results"][0]["place"]
    assert ask(server, "PlaceService/GetPlace", {"name": found["name"]}) == found


def test_it_streams(server: Server) -> None:
    lookups = [{"lookup_id": "a", "geocode": {"query": "Oslo", "max_results": 1}}]
    answer = ask(server, "GeocodingService/StreamLookups", {"lookups": lookups})
    assert answer["outcomes"][0]["lookupId"] == "a"


def test_it_reads_an_error_with_its_details(server: Server) -> None:
    done = grpcurl(server, "-d", '{"query": ""}', "waypost.v1.GeocodingService/Geocode")
    assert done.returncode != 0
    assert "Code: InvalidArgument" in done.stderr
    assert '"reason":"INVALID_FIELD"' in done.stderr
    assert '"field":"query"' in done.stderr
