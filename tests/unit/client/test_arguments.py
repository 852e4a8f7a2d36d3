import pytest

from waypost.client.arguments import build_parser, protect_negatives
from waypost.client.asking import Usage, reader
from waypost.client.flags import coordinates
from waypost.v1.geocoding_pb2 import GeocodeRequest, ReverseGeocodeRequest
from waypost.v1.places_pb2 import GetPlaceRequest, PlaceType, PlaceView


def test_negative_numbers_are_values_and_flags_stay_flags() -> None:
    flags = build_parser().parse_args(protect_negatives(["reverse", "-33.87", "-.5", "--json"]))
    assert [point.strip() for point in flags.point] == ["-33.87", "-.5"]
    assert flags.json


def test_a_negative_focus_is_read() -> None:
    arguments = protect_negatives(["geocode", "Paris", "--focus", "-33.5,-95.5", "--max-results", "-1"])
    flags = build_parser().parse_args(arguments)
    assert (flags.focus.latitude, flags.focus.longitude) == (-33.5, -95.5)
    assert flags.max_results == -1


def test_what_follows_two_dashes_is_left_alone() -> None:
    assert protect_negatives(["-1", "--", "-1"]) == [" -1", "--", "-1"]


@pytest.mark.parametrize("text", ["48.2 16.4", "48.2,16.4", " 48.2 , 16.4 ", "48.2\t16.4", "48.2;16.4"])
def test_points_are_read_however_they_are_parted(text: str) -> None:
    assert coordinates(text, 2, "a point") == [48.2, 16.4]


@pytest.mark.parametrize("text", ["", "48.2", "1 2 3", "north 16", "1,"])
def test_what_is_no_point_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="allowed: a point"):
        coordinates(text, 2, "a point")


@pytest.mark.parametrize("arguments", [["--server", "a:1", "geocode", "x"], ["geocode", "x", "--server", "a:1"]])
def test_common_flags_stand_before_or_after_the_command(arguments: list[str]) -> None:
    assert build_parser().parse_args(arguments).server == "a:1"


def test_every_flag_of_geocode_reaches_the_request() -> None:
    filters = ["--region", "DE,AT", "--region", "CH", "--type", "locality,poi", "--bounds", "1,2,3,4"]
    forms = ["--language", "de", "--view", "BASIC", "--snapshot", "abc", "--max-results", "7"]
    flags = build_parser().parse_args(["geocode", *filters, *forms])
    request = reader(flags)("Berlin")
    assert isinstance(request, GeocodeRequest)
    assert request.query == "Berlin"
    assert list(request.region_codes) == ["DE", "AT", "CH"]
    assert list(request.place_types) == [PlaceType.PLACE_TYPE_LOCALITY, PlaceType.PLACE_TYPE_POI]
    assert (request.language_code, request.view) == ("de", PlaceView.PLACE_VIEW_BASIC)
    assert (request.snapshot, request.max_results) == ("snapshots/abc", 7)
    low, high = request.bounds.low, request.bounds.high
    assert (low.latitude, low.longitude, high.latitude, high.longitude) == (1, 2, 3, 4)


@pytest.mark.parametrize("command", ["geocode", "reverse", "place"])
def test_what_no_flag_says_is_not_in_the_request(command: str) -> None:
    request = reader(build_parser().parse_args([command]))("1 2")
    assert [field.name for field, _ in request.ListFields()] == [
        {"geocode": "query", "reverse": "location", "place": "name"}[command]
    ]


def test_every_flag_of_reverse_reaches_the_request() -> None:
    flags = build_parser().parse_args(["reverse", "--radius", "250", "--type", "country", "--max-results", "2"])
    request = reader(flags)("0 0")
    assert isinstance(request, ReverseGeocodeRequest)
    assert (request.radius_m, request.max_results) == (250, 2)
    assert list(request.place_types) == [PlaceType.PLACE_TYPE_COUNTRY]


def test_a_line_of_place_is_an_id_with_or_without_white_space() -> None:
    request = reader(build_parser().parse_args(["place", "--language", "de"]))(" gn-1 ")
    assert isinstance(request, GetPlaceRequest)
    assert (request.name, request.language_code) == ("places/gn-1", "de")


def test_explaining_many_lines_is_refused() -> None:
    with pytest.raises(Usage, match="one query"):
        reader(build_parser().parse_args(["geocode", "--explain"]))


@pytest.mark.parametrize("arguments", [["geocode", "x", "--type", "planet"], ["geocode", "x", "--focus", "1"], []])
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        build_parser().parse_args(arguments)
    assert stopped.value.code == 2
    assert "usage: waypost" in capsys.readouterr().err
