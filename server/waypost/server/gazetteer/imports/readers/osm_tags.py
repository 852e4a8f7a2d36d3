"""What the tags of OpenStreetMap mean for a gazetteer: addresses, names, streets, places, areas, points of interest.

Keys and values are explained in OpenStreetMap's wiki. Nothing here knows of files, geometry or Arrow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from waypost.server.model import PlaceType

Tags = Mapping[str, str]

#: Another name: text, language, kind (schema.ALIAS_KINDS), in the order of records.NAME.
Name = tuple[str, str, str]


class AddressTags(NamedTuple):
    """An address as tagged, in the order of records.ADDRESS up to `country`; empty where there is no tag."""

    number: str
    street: str
    place: str
    unit: str
    suburb: str
    city: str
    district: str
    region: str
    postal_code: str
    country: str


#: Each field of an address and the keys that give it, the first that is there.
_SUBURB = ("addr:suburb", "addr:neighbourhood", "addr:quarter", "addr:subdistrict")
_CITY = ("addr:city", "addr:town", "addr:village", "addr:municipality", "addr:hamlet")
_DISTRICT = ("addr:district", "addr:county")
_REGION = ("addr:state", "addr:province", "addr:region")
_POSTAL_CODE = ("addr:postcode", "postal_code")
_UNIT = ("addr:unit", "addr:flats", "addr:door", "addr:floor")

#: Keys whose value tells what a point of interest is, the most telling first.
CATEGORY_KEYS = (
    "amenity", "shop", "tourism", "leisure", "healthcare", "historic", "office", "craft", "railway", "aeroway",
    "public_transport", "aerialway", "club", "emergency", "natural", "man_made", "military", "landuse", "building",
)  # fmt: skip
#: Where only some values are worth a name in a gazetteer. Stops of buses and trams bear the names of streets.
_ONLY = {
    "railway": {"station", "halt", "subway_entrance"},
    "aeroway": {"aerodrome", "terminal", "heliport", "airstrip"},
    "public_transport": {"station"},
    "aerialway": {"station"},
    "landuse": {"cemetery", "retail", "commercial", "industrial", "allotments", "recreation_ground",
                "religious", "port"},
    "emergency": {"ambulance_station", "lifeguard"},
}  # fmt: skip
_NOT_FOUND_BY_NAME = {"no", "entrance", "tree", "tree_row", "street_lamp", "flagpole", "surveillance", "survey_point"}

#: `highway` with one of these is no street, or none any more or yet.
_NO_STREETS = frozenset(
    {"bus_stop", "platform", "rest_area", "services", "elevator", "emergency_bay", "proposed", "construction", "razed",
     "abandoned", "disused", "raceway", "corridor", "via_ferrata", "no", "crossing", "traffic_signals", "stop"}
)  # fmt: skip

_SETTLEMENTS = frozenset({"city", "town", "village", "hamlet", "isolated_dwelling", "farm", "municipality", "township"})
_QUARTERS = frozenset({"borough", "suburb", "quarter", "neighbourhood", "city_block", "allotments"})
#: Named, but nobody lives by their names; addresses may still go by them (`addr:place`).
_SPOTS = frozenset({"locality", "island", "islet", "archipelago", "plot"})

#: The usual meaning of admin_level; a settlement that the boundary is linked with decides before it.
_ADMIN_KINDS = {
    2: PlaceType.COUNTRY, 3: PlaceType.REGION, 4: PlaceType.REGION, 5: PlaceType.DISTRICT, 6: PlaceType.DISTRICT,
    7: PlaceType.DISTRICT, 8: PlaceType.LOCALITY, 9: PlaceType.NEIGHBORHOOD, 10: PlaceType.NEIGHBORHOOD,
    11: PlaceType.NEIGHBORHOOD,
}  # fmt: skip

#: Keys of further names: kind and whether it may carry a language behind a colon.
_NAME_KEYS = {
    "name": "official", "official_name": "official", "alt_name": "alternate", "loc_name": "alternate",
    "short_name": "alternate", "old_name": "alternate", "int_name": "alternate", "reg_name": "alternate",
    "nat_name": "alternate", "name:left": "alternate", "name:right": "alternate",
}  # fmt: skip
#: BCP-47 as mappers write it; longer words after a colon ("name:etymology") are no languages.
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_NUMBER = re.compile(r"\d+")


def address_of(tags: Tags) -> AddressTags:
    """The address that the tags tell; without `addr:housenumber` its number is empty."""
    return AddressTags(
        tags.get("addr:housenumber") or tags.get("addr:conscriptionnumber", ""),
        tags.get("addr:street", ""),
        tags.get("addr:place", ""),
        _first(tags, _UNIT),
        _first(tags, _SUBURB),
        _first(tags, _CITY),
        _first(tags, _DISTRICT),
        _first(tags, _REGION),
        _first(tags, _POSTAL_CODE),
        tags.get("addr:country", "").upper(),
    )


def in_blocks(address: AddressTags, tags: Tags) -> AddressTags:
    """An address by block and quarter, as in Japan: "1丁目 7-2", where there is neither street nor place."""
    block = tags.get("addr:block_number", "")
    if not block or address.street or address.place:
        return address
    place = tags.get("addr:quarter", "") + tags.get("addr:neighbourhood", "")
    number = f"{block}-{address.number}" if address.number else block
    return address._replace(number=number, place=place)


def by_place(address: AddressTags, tags: Tags) -> AddressTags:
    """The address with the settlement as its place where it has neither street nor place: villages without streets."""
    if address.street or address.place:
        return address
    return address._replace(place=tags.get("addr:hamlet") or tags.get("addr:village") or address.city)


def other_names(tags: Tags, name: str) -> list[Name]:
    """Every name but `name`, none twice; one that is the same in several languages comes with each."""
    names: dict[tuple[str, str], str] = {}
    for key, value in tags.items():
        base, _, language = key.partition(":")
        kind = _NAME_KEYS.get(key)
        if kind is None:
            kind = _NAME_KEYS.get(base)
            if kind is None or not _LANGUAGE.fullmatch(language):
                continue
            language = language.replace("_", "-")
        elif language:  # name:left and name:right, the two sides of a street
            language = ""
        for text in value.split(";") if ";" in value else (value,):
            text = text.strip()
            if text and (text != name or language):
                names.setdefault((text, language), kind)
    return [(text, language, kind) for (text, language), kind in names.items()]


def street_category(tags: Tags) -> str:
    """What kind of street a named way is ("residential", "square"); empty where it is none."""
    highway = tags.get("highway", "")
    if highway:
        return "" if highway in _NO_STREETS else highway
    return "square" if tags.get("place") == "square" else ""


def poi_category(tags: Tags) -> str:
    """What a named thing is ("pharmacy", "museum"); empty where it is no point of interest."""
    for key in CATEGORY_KEYS:
        value = tags.get(key)
        if value is None:
            continue
        value = value.partition(";")[0].strip()
        if value in _NOT_FOUND_BY_NAME or (key in _ONLY and value not in _ONLY[key]):
            continue
        return key if value == "yes" else value
    place = tags.get("place", "")
    return place if place in _SPOTS else ""


def place_kind(tags: Tags) -> PlaceType | None:
    """The level of a settlement or quarter; None for what is neither."""
    return kind_of_settlement(tags.get("place", ""))


def kind_of_settlement(place: str) -> PlaceType | None:
    """The level that a value of `place` has among settlements and quarters; None for what is neither."""
    if place in _SETTLEMENTS:
        return PlaceType.LOCALITY
    return PlaceType.NEIGHBORHOOD if place in _QUARTERS else None


def admin_level(tags: Tags) -> int:
    """The level of an administrative boundary, 2 to 11; 0 where it has none."""
    level = tags.get("admin_level", "")
    return int(level) if level.isascii() and level.isdigit() and int(level) in _ADMIN_KINDS else 0


def area_kind(tags: Tags, linked: str) -> PlaceType | None:
    """The level of an area; `linked` is the `place` of the settlement that stands for it. None: no area of ours."""
    boundary = tags.get("boundary", "")
    if boundary == "postal_code":
        return PlaceType.POSTAL_CODE
    settled = kind_of_settlement(tags.get("place", "")) or kind_of_settlement(linked)
    if boundary == "administrative":
        return settled or _ADMIN_KINDS.get(admin_level(tags))
    return settled


def area_postal_code(tags: Tags) -> str:
    """The postal code of an area that has one."""
    code = _first(tags, _POSTAL_CODE)
    return code or (tags.get("ref", "") if tags.get("boundary") == "postal_code" else "")


def population(tags: Tags) -> int:
    """Inhabitants, 0 = unknown; "12 345" and "12,345" count as written."""
    found = _NUMBER.match(tags.get("population", "").replace(" ", "").replace(",", ""))
    return min(int(found.group()), 2**32 - 1) if found else 0


def _first(tags: Tags, keys: tuple[str, ...]) -> str:
    for key in keys:
        value = tags.get(key)
        if value:
            return value
    return ""
