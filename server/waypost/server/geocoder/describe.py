"""A row of the snapshot as a Place: names in the caller's language, what contains it, its address.

This is the greater part of a single query's time: a random place takes 10 µs, half of that where it lies in the
processor's caches. Of those 5 µs about 2 go into making the values, 1.5 into the plus code and 1 into decoding texts;
the rest is waiting for memory. Hence the records (place_records.py), the areas that are kept, and memoryviews: they
give a number in 30 ns, where numpy's scalars take 90.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from waypost.server.gazetteer.schema import CATEGORIES
from waypost.server.gazetteer.snapshot import Snapshot, TextColumn
from waypost.server.geocoder.formats import admin1_as_code, format_address
from waypost.server.geocoder.language import language_tags
from waypost.server.geocoder.place_records import RECORD_BYTES, RECORD_FORMAT, TEXT_SEPARATOR
from waypost.server.geocoder.plus_code import encode_plus_code
from waypost.server.geocoder.viewport import MICRODEGREES
from waypost.server.model import AddressComponent, Box, Place, PlaceType, PostalAddress

#: Areas kept, about 0.5 KB each: all countries and regions, and the districts asked for lately.
_MAX_AREAS = 16_384
_RECORD = struct.Struct(RECORD_FORMAT)
#: By number, since an enum's own lookup takes half a microsecond.
_PLACE_TYPES = {int(place_type): place_type for place_type in PlaceType}


class _Texts:
    """A column of texts, each decoded from the mapped bytes when it is read."""

    __slots__ = ("data", "offsets")

    def __init__(self, column: TextColumn) -> None:
        self.data = column.data.data
        self.offsets = column.offsets.data

    def __getitem__(self, row: int) -> str:
        offsets = self.offsets
        return str(self.data[offsets[row] : offsets[row + 1]], "utf-8")


class _Area(NamedTuple):
    """A container of places: its component, and how it is written in an address (a code for some regions)."""

    component: AddressComponent
    in_address: str


class Describer:
    """Describes the rows of one snapshot. Safe to share between threads."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._records = snapshot.array("place_record").reshape(-1).data
        self._texts = _Texts(snapshot.text("place_text"))
        self._alias_offsets = snapshot.array("alias_offsets").data
        self._alias_text = _Texts(snapshot.text("alias_text"))
        self._alias_language = _Texts(snapshot.text("alias_language"))
        self._layers = [layer.layer for layer in snapshot.layers]
        zones = snapshot.text("time_zone_names")
        self._zones = [zones[zone] for zone in range(len(zones))]
        self._areas: dict[tuple[int, tuple[str, ...]], _Area] = {}

    def place(self, row: int, language_code: str = "", full: bool = True) -> Place:
        """The place of a row, with names in the language where the data has it, else its usual names.

        Without `full` only id, type, names and location are set.
        """
        (
            latitude, longitude, south, west, north, east, locality_row, district_row, region_row, country_row,
            population, zone, type_number, category, layer,
        ) = _RECORD.unpack_from(self._records, row * RECORD_BYTES)  # fmt: skip
        place_id, source_id, name, short_name, formatted_address = self._texts[row].split(TEXT_SEPARATOR)
        tags = language_tags(language_code) if language_code else ()
        if tags:
            name = self._name(row, tags) or name
        place_type = _PLACE_TYPES[type_number]
        if not full:
            return Place(place_id, place_type, CATEGORIES[category], name, latitude, longitude)

        own = AddressComponent(name, short_name or name, place_type, place_id)
        rows = (locality_row, district_row, region_row, country_row)
        components, address = self._address(row, own, rows, tags)
        return Place(
            place_id,
            place_type,
            CATEGORIES[category],
            name,
            latitude,
            longitude,
            _format(components, address) if tags else formatted_address,
            Box(
                south=south / MICRODEGREES,
                west=west / MICRODEGREES,
                north=north / MICRODEGREES,
                east=east / MICRODEGREES,
            ),
            components,
            address,
            encode_plus_code(latitude, longitude),
            self._zones[zone],
            population,
            self._layers[layer],
            source_id,
        )

    def _address(
        self, row: int, own: AddressComponent, containers: tuple[int, int, int, int], tags: tuple[str, ...]
    ) -> tuple[tuple[AddressComponent, ...], PostalAddress]:
        """The components of a place, finest first, and the same as fields; containers are -1 where there is none."""
        locality_row, district_row, region_row, country_row = containers
        components = [own]
        locality = region = ""
        if locality_row == row:
            locality = own.long_text
        elif locality_row >= 0:
            town = self._area(locality_row, tags)
            components.append(town.component)
            locality = town.in_address
        if district_row >= 0 and district_row != row:
            components.append(self._area(district_row, tags).component)
        if region_row >= 0:
            area = self._area(region_row, tags)
            region = area.in_address
            if region_row != row:
                components.append(area.component)
        if country_row != row:
            components.append(self._area(country_row, tags).component)
        postal_code = own.long_text if own.place_type is PlaceType.POSTAL_CODE else ""
        return tuple(components), PostalAddress(components[-1].short_text, "", postal_code, region, locality)

    def _area(self, row: int, tags: tuple[str, ...]) -> _Area:
        """What contains a place; kept for the next one, except towns, which few places share."""
        area = self._areas.get((row, tags))
        if area is not None:
            return area
        record = _RECORD.unpack_from(self._records, row * RECORD_BYTES)
        country_row, place_type = record[9], _PLACE_TYPES[record[12]]
        place_id, _, name, short_name, _ = self._texts[row].split(TEXT_SEPARATOR)
        if tags:
            name = self._name(row, tags) or name
        component = AddressComponent(name, short_name or name, place_type, place_id)
        in_address = name
        if place_type is PlaceType.REGION and admin1_as_code(self._area(country_row, tags).component.short_text):
            in_address = component.short_text
        area = _Area(component, in_address)
        if place_type <= PlaceType.DISTRICT:
            if len(self._areas) >= _MAX_AREAS:
                self._areas.clear()
            self._areas[row, tags] = area
        return area

    def _name(self, row: int, tags: tuple[str, ...]) -> str:
        """The first name of a row in the best of the languages, empty if it has none in any."""
        best, best_rank = -1, len(tags)
        languages, data = self._alias_language.offsets, self._alias_language.data
        for alias in range(self._alias_offsets[row], self._alias_offsets[row + 1]):
            begin, end = languages[alias], languages[alias + 1]
            if begin == end:
                continue
            # A name that is the same in several languages has their tags with blanks between.
            for language in str(data[begin:end], "ascii").split(" "):
                if language in tags[:best_rank]:
                    best, best_rank = alias, tags.index(language)
        return self._alias_text[best] if best >= 0 else ""


def _format(components: tuple[AddressComponent, ...], address: PostalAddress) -> str:
    """The address on one line in the language of the components, by the rules of gazetteer/arrays.py."""
    own, country = components[0], components[-1]
    is_region = own.place_type is PlaceType.REGION
    line = format_address(
        address.region_code,
        postal_code=address.postal_code,
        locality=own.long_text if own.place_type is PlaceType.DISTRICT else address.locality,
        admin1_name="" if is_region else address.administrative_area,
        country_name=country.long_text,
    )
    return f"{own.long_text}, {line}" if is_region or own.place_type is PlaceType.POI else line
