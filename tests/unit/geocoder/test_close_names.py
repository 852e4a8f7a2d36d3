"""Which names count nearly as much as the usual one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tests.unit.geocoder.forward_world import fold_table
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder.close_names import close_names
from waypost.server.geocoder.normalize import fold_word, hash_text
from waypost.server.model import PlaceType

_C, _R, _L = PlaceType.COUNTRY, PlaceType.REGION, PlaceType.LOCALITY
#: Type, country's row, region's row, short name, names with languages; the first name is the usual one.
_ROWS = (
    (_C, 0, -1, "BR", (("Brazil", "en"), ("Brasil", "pt"))),
    (_R, 0, 1, "BA", (("Bahia", "en pt"), ("Baía", "gl"))),
    (_L, 0, 1, "", (("Salvador", ""), ("Bahia", ""))),
    (_C, 3, -1, "IT", (("Italy", "en"),)),
    (_R, 3, 4, "", (("Turin", "en de"), ("Torino", "it"), ("Turijn", "nl"))),
    (_L, 3, 4, "", (("Turin", ""), ("Torino", ""), ("Turino", ""), ("Augusta", ""))),
    (_C, 6, -1, "MX", (("Mexico", "en"), ("Mexiko", "de"))),
    (_R, 6, 7, "", (("Mexico-City", "en"), ("Mexiko", "fo"))),
    (_L, 6, 7, "", (("Mexico-City", ""), ("Mexiko", ""))),
)


def close(row: int) -> set[str]:
    """The names of a row that are close."""
    names = [(owner, *name) for owner, place in enumerate(_ROWS) for name in place[4]]
    rows = np.array([owner for owner, _, _ in names])
    texts = TextColumn.from_arrow(pa.array([text for _, text, _ in names], pa.large_string()))
    region = np.array([place[2] for place in _ROWS])
    arrays: dict[str, npt.NDArray[np.generic] | TextColumn] = {
        "alias_offsets": np.cumsum([0, *(len(place[4]) for place in _ROWS)]),
        "alias_language": TextColumn.from_arrow(pa.array([language for _, _, language in names], pa.large_string())),
        "short_name": TextColumn.from_arrow(pa.array([place[3] for place in _ROWS], pa.large_string())),
        "place_type": np.array([place[0] for place in _ROWS], np.uint8),
        "country": np.array([place[1] for place in _ROWS]),
        "admin1": region,
        "admin2": np.full(len(_ROWS), -1),
    }
    hashes = np.array([hash_text(fold_word(text.replace("-", ""))) for _, text, _ in names], np.uint64)
    found = close_names(arrays, fold_table(), texts, rows, hashes)
    return {text for (owner, text, _), hit in zip(names, found, strict=True) if hit and owner == row}


def test_what_an_area_is_called_in_a_language_of_its_country_is_close() -> None:
    assert close(1) == {"Bahia"}
    assert close(4) == {"Torino"}


def test_names_that_a_city_shares_with_the_area_called_after_it_are_close() -> None:
    assert "Torino" in close(5)
    assert "Augusta" not in close(5)


def test_the_area_s_name_says_little_where_the_city_is_not_called_so() -> None:
    assert close(2) == set()


def test_a_name_of_the_country_means_the_country() -> None:
    assert "Mexiko" not in close(8)
