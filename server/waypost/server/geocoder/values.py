"""What kernels wrote on a sheet, as the values of model.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from waypost.server.gazetteer.schema import CATEGORIES
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.sheet import AT_COMPONENT, AT_PART, AT_RESULT, SOURCE_ID, Sheet
from waypost.server.model import (
    AddressComponent,
    Box,
    LocationSource,
    MatchOutcome,
    MatchPart,
    Place,
    PlaceType,
    PostalAddress,
    Precision,
    Result,
)

_Value = TypeVar("_Value", AddressComponent, Box, MatchPart, Place, PostalAddress, Result)

# By number, since an enum's own lookup takes half a microsecond.
_PLACE_TYPES = {int(kind): kind for kind in PlaceType}
_PART_TYPES: dict[int, PlaceType | None] = {0: None, **_PLACE_TYPES}
_PRECISIONS = {int(kind): kind for kind in Precision}
_SOURCES = {int(kind): kind for kind in LocationSource}
_OUTCOMES = {int(outcome): outcome for outcome in MatchOutcome}


def _new(kind: type[_Value]) -> Callable[[tuple[object, ...]], _Value]:
    """Makes a named tuple of all its fields in half the time that its own constructor takes."""
    return partial(tuple.__new__, kind)


class ValueReader:
    """Makes values, with the names that one snapshot gives to layers and zones."""

    def __init__(self, snapshot: Snapshot) -> None:
        zones = snapshot.text("time_zone_names")
        self._zones = [zones[zone] for zone in range(len(zones))]
        self._layers = [layer.layer for layer in snapshot.layers]

    def places(self, sheet: Sheet, full: bool) -> list[Place]:
        """The places of a sheet's results."""
        return [result.place for result in self.results(sheet, full, (), ())]

    def results(self, sheet: Sheet, full: bool, paths: Sequence[str], fields: Sequence[str]) -> list[Result]:
        """The results of a sheet that has one question, whose fields are `fields` with the names `paths`."""
        texts = sheet.texts()
        sizes = sheet.sizes
        rows = sheet.results[: sizes[AT_RESULT]].tolist()
        new_component, new_box, new_address = _new(AddressComponent), _new(Box), _new(PostalAddress)
        new_place, new_result = _new(Place), _new(Result)
        components = [
            new_component((texts[long_text], texts[short_text], _PLACE_TYPES[place_type], texts[place_id]))
            for long_text, short_text, place_id, _, place_type in sheet.components[: sizes[AT_COMPONENT]].tolist()
        ]
        parts = _parts(sheet, texts, paths, fields)
        zones, layers = self._zones, self._layers
        results = []
        for (
            text, name, formatted, plus_code, origin, region_code, postal_code, area, town,
            own, in_locality, in_district, in_region, in_country, part_from, part_to,
            place_type, category, layer, zone, precision, location_source, population,
            latitude, longitude, south, west, north, east, confidence, accuracy_m, _,
        ) in rows:  # fmt: skip
            kind, sure, source = _PLACE_TYPES[place_type], _PRECISIONS[precision], _SOURCES[location_source]
            if not full:
                basic = Place(texts[text], kind, CATEGORIES[category], texts[name], latitude, longitude)
                results.append(Result(basic, confidence, sure, accuracy_m, source))
                continue
            place = new_place((
                texts[text],
                kind,
                CATEGORIES[category],
                texts[name],
                latitude,
                longitude,
                texts[formatted],
                new_box((south, west, north, east)),
                tuple([
                    components[number]
                    for number in (own, in_locality, in_district, in_region, in_country)
                    if number >= 0
                ]),
                new_address((texts[region_code], "", texts[postal_code], texts[area], texts[town], "", ())),
                texts[plus_code],
                zones[zone],
                population,
                layers[layer],
                texts[text + SOURCE_ID],
            ))  # fmt: skip
            origin_name = f"places/{texts[origin]}" if origin else ""
            match = tuple(parts[part_from:part_to])
            results.append(new_result((place, confidence, sure, accuracy_m, source, origin_name, match, None)))
        return results


def _parts(sheet: Sheet, texts: Sequence[str], paths: Sequence[str], fields: Sequence[str]) -> list[MatchPart]:
    parts = sheet.parts[: sheet.sizes[AT_PART]].tolist()
    new_part = _new(MatchPart)
    return [
        new_part(
            (
                fields[field][start:end],
                paths[field] if end else "",
                start,
                end,
                _OUTCOMES[outcome],
                _PART_TYPES[place_type],
                texts[matched_text],
                texts[place_id],
            )
        )
        for _, _, start, end, field, outcome, place_type, matched_text, place_id in parts
    ]
