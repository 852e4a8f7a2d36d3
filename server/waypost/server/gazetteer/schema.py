"""What a snapshot holds: the arrays by name, with type, shape and meaning.

They are written by build and mapped by snapshot.

Every place is a *row*. Rows are in hierarchy order: each country, then its regions, each with its districts,
each with its localities and airports, so that "A contains B" is `row(A) <= anchor[row(B)] <= last[row(A)]`.
Postal codes follow after all countries, by country and code; they hang on the place that they belong to
through `anchor`. Children of one parent are ordered by kind, then by falling population, then by source id.
Files are `<name>.npy`; a column of texts is two files, `<name>.offsets.npy` and `<name>.bytes.npy`.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What `place_type` can be is model.PlaceType. Index into this list is `category`; imported layers add theirs behind.
CATEGORIES = ("country", "first_level", "second_level", "city", "postal_code", "airport")
#: Category of addresses, the first one behind CATEGORIES in snapshots with imported layers.
HOUSE = "house"

#: How a name came to a row; index is `alias_kind`. Ranking gives each its own term.
#: PRIMARY the source's main name; OFFICIAL another name with a language or official standing (CLDR, long
#: forms, native names); ALTERNATE an untagged alternate name; DERIVED made by us (without "County",
#: "Airport"); CODE ISO, IATA, ICAO and other short codes; TRANSLITERATION looks machine-made ("byjng").
ALIAS_KINDS = ("primary", "official", "alternate", "derived", "code", "transliteration")


@dataclass(frozen=True, slots=True)
class Column:
    """One array of a snapshot: numpy type, or "text" for a column of UTF-8 texts."""

    dtype: str
    shape: str
    meaning: str


PLACES: dict[str, Column] = {
    "place_type": Column("uint8", "rows", "model.PlaceType"),
    "category": Column("uint8", "rows", "index into CATEGORIES; with imported layers uint16, into category_names"),
    "layer": Column("uint8", "rows", "index into the manifest's layers"),
    "latitude": Column("float64", "rows", "WGS 84 degrees"),
    "longitude": Column("float64", "rows", "WGS 84 degrees"),
    "accuracy_m": Column("float32", "rows", "nine of ten such places lie within this radius of their point"),
    "precision": Column("uint8", "rows", "model.Precision of the point"),
    "location_source": Column("uint8", "rows", "model.LocationSource of the point"),
    "location_from": Column("int32", "rows", "row whose point it is where INHERITED, else -1"),
    "population": Column(
        "uint32", "rows", "inhabitants, 0 = unknown; areas: their own, else the sum of their localities"
    ),
    "importance": Column("float32", "rows", "0 to 1, how likely people mean it; see gazetteer/importance.py"),
    "anchor": Column("int32", "rows", "the row itself; for a postal code the finest row that it belongs to"),
    "last": Column("int32", "rows", "last row that it contains; itself where it contains nothing"),
    "country": Column("int32", "rows", "row of its country"),
    "admin1": Column("int32", "rows", "row of its region, itself for a region, else -1"),
    "admin2": Column("int32", "rows", "row of its district, itself for a district, else -1"),
    "locality": Column(
        "int32", "rows", "itself for a locality; of a postal code or airport the locality it names, else -1"
    ),
    "time_zone": Column("uint16", "rows", "index into time_zone_names; the last one is the empty text"),
    "time_zone_names": Column("text", "zones", "IANA names"),
    "place_id": Column("text", "rows", "as in the API; also gives the source id"),
    "source_id": Column("text", "rows", "the source's own id"),
    "display_name": Column("text", "rows", "usual name; of a postal code its canonical writing"),
    "short_name": Column("text", "rows", "ISO code of a country (DE) or region (CA), IATA of an airport; else empty"),
    "formatted_address": Column("text", "rows", "one line, by the country's template"),
    "place_id_order": Column("int32", "rows", "rows by ascending place_id bytes, for lookup by id"),
    "alias_offsets": Column("int64", "rows + 1", "aliases of row r are alias_offsets[r] to alias_offsets[r + 1]"),
    "alias_text": Column("text", "aliases", "every name and code of the row, the primary first, none twice"),
    "alias_kind": Column("uint8", "aliases", "index into ALIAS_KINDS"),
    "alias_language": Column(
        "text", "aliases", "BCP-47 tags with blanks between, where data or script tell; else empty"
    ),
}

#: What snapshots with imported layers have besides: features f = 0, 1, … of all layers, ordered by anchor and hence by
#: the area that contains them, are the rows feature_base + f; addresses and ranges hang on them. Meaning and units are
#: those of imports/layer.py, indices are those of the snapshot.
FEATURES: dict[str, Column] = {
    "feature_base": Column("int64", "1", "row of the first feature"),
    "imported_layers": Column("int64", "1", "how many of the manifest's layers, the last ones, were imported"),
    "feature_within": Column("int32", "features", "row of the settlement or quarter of its layer around it, else -1"),
    "feature_postal_offsets": Column("int64", "features + 1", "codes of feature f, the most frequent first"),
    "feature_postal_rows": Column("int32", "codes of features", "row of the postal code, -1 where none is known"),
    "feature_postal_codes": Column("uint32", "codes of features", "index into postal_code_texts"),
    "postal_code_texts": Column("text", "codes", "as written; the first is the empty text"),
    "category_names": Column("text", "categories", "CATEGORIES, HOUSE, then those of the layers"),
    "address_offsets": Column("int64", "features + 1", "addresses of feature f, ordered by number, suffix, source id"),
    "address_number": Column("uint32", "addresses", "the leading digits; 0 where there are none"),
    "address_suffix": Column("uint16", "addresses", "index into suffix_text"),
    "address_point": Column("int32", "addresses, 2", "latitude, longitude in 1e-7 degrees"),
    "address_postal": Column("uint16", "addresses", "index into its feature's postal codes, 65535 = none known"),
    "address_source": Column("text", "addresses", "the source's own ids; read for answers only"),
    "suffix_text": Column("text", "suffixes", "as shown: 'a', ' bis', '/3'; first the empty one"),
    "suffix_hash": Column("uint64", "suffixes", "normalize.hash_text of its letters and digits, folded"),
    "suffix_id": Column("text", "suffixes", "as in ids of addresses: ASCII, equal for those that fold to the same"),
    "range_offsets": Column("int64", "features + 1", "number ranges of feature f, ordered by first number"),
    "range_numbers": Column("uint32", "ranges, 3", "first and last number, step (1 or 2), first <= last"),
    "range_points": Column("int32", "ranges, 4", "latitude, longitude of first, then of last, 1e-7 degrees"),
    "line_offsets": Column("int64", "features + 1", "vertices of feature f, none for what is no street"),
    "line": Column("int32", "vertices, 2", "latitude, longitude in 1e-7 degrees; layer.WAY_END twice ends a way"),
}
