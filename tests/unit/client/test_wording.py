import pytest

from waypost.client.wording import distance, kind, label, printable
from waypost.v1.places_pb2 import Place, PlaceType


@pytest.mark.parametrize(
    ("metres", "text"),
    [(0, "0 m"), (849.6, "850 m"), (1234, "1.2 km"), (48_300, "48 km"), (2_500_000, "2,500 km")],
)
def test_distances_have_a_fitting_unit(metres: float, text: str) -> None:
    assert distance(metres) == text


def test_control_characters_cannot_reach_a_terminal() -> None:
    assert printable("a\x1b[2Jb\tc\nd\x00") == "a\ufffd[2Jb\ufffdc\ufffdd\ufffd"


def test_a_kind_is_the_level_or_for_points_of_interest_the_category() -> None:
    assert kind(Place(place_type=PlaceType.PLACE_TYPE_POSTAL_CODE, category="postal_code")) == "postal code"
    assert kind(Place(place_type=PlaceType.PLACE_TYPE_POI, category="airport")) == "airport"


def test_a_label_is_the_name_where_the_view_has_no_address() -> None:
    assert label(Place(display_name="Bern")) == "Bern"
    assert label(Place(display_name="Bern", formatted_address="Bern, Schweiz")) == "Bern, Schweiz"
