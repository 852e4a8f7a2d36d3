"""What an imported layer holds: its arrays by name.

A layer knows the world by place ids only, never by rows, so that it outlives rebuilding the gazetteer.

A *feature* is a street, a point of interest, or a place that the source has. Features are ordered by anchor, kind and
name, so that two imports of one file are equal byte for byte. Addresses hang on the feature that their line
names: a street, or a place without streets. Points of addresses and lines are in units of 1e-7 degrees, as in
OpenStreetMap, which is about a centimetre.
"""

from __future__ import annotations

from waypost.server.gazetteer.schema import Column

#: Separates the ways of one street in `line`: no point has it.
WAY_END = -(2**31)

LAYER: dict[str, Column] = {
    "kind": Column("uint8", "features", "model.PlaceType"),
    "name": Column("text", "features", "usual name as written"),
    "alias_offsets": Column("int64", "features + 1", "alias_offsets[f] to [f + 1] are those of feature f"),
    "alias_text": Column("text", "aliases", "every other name as written, none twice"),
    "alias_kind": Column("uint8", "aliases", "index into schema.ALIAS_KINDS"),
    "alias_language": Column("text", "aliases", "a BCP-47 tag, or empty"),
    "latitude": Column("float64", "features", "WGS 84 degrees; of a street a point on it, near its middle"),
    "longitude": Column("float64", "features", "WGS 84 degrees"),
    "box": Column("float32", "features, 4", "south, west, north, east in degrees; NaN where only a point is known"),
    "anchor": Column("text", "features", "place id of the finest place of the world that contains it"),
    "within": Column("int32", "features", "feature of this layer that contains it: settlement, quarter; else -1"),
    "postal_offsets": Column("int64", "features + 1", "postal_offsets[f] to [f + 1] are those of feature f"),
    "postal_list": Column("uint32", "codes of features", "index into postal_codes, the most frequent first"),
    "category": Column("text", "features", "finer kind: pharmacy, museum, residential, village, …"),
    "population": Column("uint32", "features", "inhabitants, 0 = unknown"),
    "source_id": Column("text", "features", "the source's own id; of a street that of its first way"),
    "postal_codes": Column("text", "codes", "as written; the first is the empty text"),
    "address_offsets": Column("int64", "features + 1", "addresses of feature f, ordered by number, suffix, source id"),
    "address_number": Column("uint32", "addresses", "the leading digits; 0 where there are none"),
    "address_suffix": Column("uint16", "addresses", "index into suffixes"),
    "address_point": Column("int32", "addresses, 2", "latitude, longitude in 1e-7 degrees"),
    "address_postal": Column("uint16", "addresses", "index into its feature's postal codes, 65535 = none known"),
    "suffixes": Column("text", "suffixes", "what follows the digits, as shown: 'a', ' bis', '/3'; first the empty one"),
    "address_source": Column("text", "addresses", "the source's own ids; read for answers only"),
    "range_offsets": Column("int64", "features + 1", "number ranges of feature f, ordered by first number"),
    "range_numbers": Column("uint32", "ranges, 3", "first and last number, step (1 or 2), first <= last"),
    "range_points": Column("int32", "ranges, 4", "latitude, longitude of first, then of last, 1e-7 degrees"),
    "line_offsets": Column("int64", "features + 1", "vertices of feature f, none for what is no street"),
    "line": Column("int32", "vertices, 2", "latitude, longitude in 1e-7 degrees; WAY_END twice ends a way"),
}  # fmt: skip
