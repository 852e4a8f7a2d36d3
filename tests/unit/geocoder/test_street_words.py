"""Writings of one street are equal, those of two are not."""

from __future__ import annotations

import pyarrow as pa
import pytest

from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.geocoder.normalize import FoldTable, build_fold_table
from waypost.server.geocoder.street_words import street_keys

_SAME = [
    ("Hauptstraße", "Hauptstr.", "Haupt Straße", "HAUPTSTRASSE", "Haupt-Str."),
    ("North 5th Avenue", "N. Fifth Ave", "N 5 Av."),
    ("Northeast 3rd Street", "NE Third St", "N.E. 3rd Str"),
    ("Saint John Street", "St. John St"),
    ("Boulevard Saint-Michel", "Bd St Michel", "Blvd. Saint Michel"),
    ("Rue du 8 mai 1945", "R. du 8 Mai 1945"),
    ("Avenue du Général de Gaulle", "Av du Gal de Gaulle"),
    ("Kerkstraat", "Kerkstr."),
    ("Piazza Garibaldi", "P.zza Garibaldi", "Pza. Garibaldi"),
    ("Viale Monza", "V.le Monza"),
    ("Calle Mayor", "C/ Mayor", "Cl. Mayor"),
    ("Paseo de la Castellana", "Pº de la Castellana"),
    ("Rua Augusta", "R. Augusta"),
    ("ulica Marszałkowska", "ul. Marszałkowska"),
    ("aleja Jana Pawła II", "al. Jana Pawla II"),
    ("náměstí Míru", "nám. Míru"),
    ("Storgatan", "Storg.", "Stor gatan", "Storgata", "Storgaten", "Storgt"),
    ("Kungsvägen", "Kungsv.", "Kungsväg"),
    ("Straße des 17. Juni", "Str. des 17. Juni"),
    ("Dr.-Karl-Renner-Ring", "Doktor Karl Renner Ring"),
]
_DIFFERENT = ["Main Street", "Main Avenue", "1 2nd Avenue", "12th Avenue", "Calle 12A", "Calle 12", "South Main Street"]


@pytest.fixture(scope="module")
def fold() -> FoldTable:
    return build_fold_table()


def _keys(fold: FoldTable, names: list[str]) -> list[int]:
    keys: list[int] = street_keys(fold, TextColumn.from_arrow(pa.array(names))).tolist()
    return keys


@pytest.mark.parametrize("names", _SAME, ids=lambda names: names[0])
def test_writings_of_one_street_have_one_key(fold: FoldTable, names: tuple[str, ...]) -> None:
    keys = _keys(fold, list(names))
    assert keys == [keys[0]] * len(names)


def test_streets_that_differ_have_keys_of_their_own(fold: FoldTable) -> None:
    names = _DIFFERENT + [names[0] for names in _SAME]
    keys = _keys(fold, names)
    assert len(set(keys)) == len(names)


def test_a_name_without_letters_has_no_key(fold: FoldTable) -> None:
    assert _keys(fold, ["", " - "]) == [0, 0]
