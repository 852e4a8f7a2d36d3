"""What a reader gives, whatever the format: Arrow batches of addresses, streets, places, areas and number ranges.

A reader trims and decodes; it neither folds names nor decides where something lies. Texts are UTF-8 and may be empty or
null where the source says nothing; coordinates are WGS 84 degrees, finite and in range: what is not is counted as bad
by the reader and left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

#: Another name: its text, a BCP-47 tag or empty, and how it came to the place, a word of schema.ALIAS_KINDS.
NAME = pa.struct([("text", pa.string()), ("language", pa.string()), ("kind", pa.string())])
_NAMES = ("names", pa.list_(NAME))
#: Vertices of a line, latitude and longitude by turns.
_LINE = ("line", pa.list_(pa.float64()))
_POINT = (("latitude", pa.float64()), ("longitude", pa.float64()))
#: What a record says of where it lies, as written in the source; all optional. `district` and `region` are the areas
#: above the city, `country` is an ISO 3166-1 alpha-2 code.
_WITHIN = tuple((name, pa.string()) for name in ("suburb", "city", "district", "region", "postal_code", "country"))
_SOURCE = ("source_id", pa.string())

#: An address: `number` as written ("12 bis", "12-16", "12;14"), `street` or, where addresses go by a place without
#: streets (`addr:place`), `place`. `unit` is set apart and not searched.
ADDRESS = pa.schema(
    [("number", pa.string()), ("street", pa.string()), ("place", pa.string()), ("unit", pa.string()),
     *_WITHIN, *_POINT, _SOURCE]
)  # fmt: skip
#: A way of a street; ways of one name in one place are brought together later.
STREET = pa.schema([("name", pa.string()), _NAMES, ("category", pa.string()), *_WITHIN, _LINE, _SOURCE])
#: A point of interest, a settlement, a quarter or a postal code: `kind` is a model.PlaceType. A point of interest may
#: have an address of its own. The box is NaN where the source has a point only; `population` 0 is unknown.
PLACE = pa.schema(
    [("kind", pa.uint8()), ("name", pa.string()), _NAMES, ("category", pa.string()), ("population", pa.uint32()),
     ("number", pa.string()), ("street", pa.string()), *_WITHIN, *_POINT,
     ("south", pa.float64()), ("west", pa.float64()), ("north", pa.float64()), ("east", pa.float64()), _SOURCE]
)  # fmt: skip
#: A boundary: `kind` is COUNTRY to NEIGHBORHOOD, or POSTAL_CODE; `admin_level` as in OpenStreetMap (0 = none);
#: `polygon` is WKB. `place_source_id` is the record of PLACE that stands for the same settlement, if the source tells.
AREA = pa.schema(
    [("kind", pa.uint8()), ("admin_level", pa.uint8()), ("name", pa.string()), _NAMES, ("postal_code", pa.string()),
     ("country", pa.string()), ("population", pa.uint32()), ("polygon", pa.binary()), ("place_source_id", pa.string()),
     _SOURCE]
)  # fmt: skip
#: House numbers along a line that only its ends are known of (`addr:interpolation`): `first` to `last` by `step`.
RANGE = pa.schema(
    [("street", pa.string()), ("place", pa.string()), ("first", pa.uint32()), ("last", pa.uint32()),
     ("step", pa.uint8()), *_WITHIN, _LINE, _SOURCE]
)  # fmt: skip

SCHEMAS = {"address": ADDRESS, "street": STREET, "place": PLACE, "area": AREA, "range": RANGE}


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one kind: a key of SCHEMAS, and rows of that schema."""

    kind: str
    rows: pa.RecordBatch


@dataclass(frozen=True, slots=True)
class Credit:
    """Who made the data and under which licence it is used; see model.Attribution."""

    text: str
    uri: str
    license: str
    share_alike: bool


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that was left out: where it was ("line 7", "node 12"), and why."""

    where: str
    reason: str


class Progress(Protocol):
    """Told by a reader what share of its input it has read, 0 to 1."""

    def __call__(self, share: float, /) -> None:
        """Takes the share read so far."""
