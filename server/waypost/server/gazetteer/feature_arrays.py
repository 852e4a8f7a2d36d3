"""The arrays of schema.FEATURES: addresses, ranges, lines and codes of all imported layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.errors import SnapshotError
from waypost.server.gazetteer.features import Arrays, Features, Hanging, column_of_texts
from waypost.server.gazetteer.schema import CATEGORIES, HOUSE
from waypost.server.gazetteer.snapshot import TextColumn
from waypost.server.gazetteer.texts import TEXT, text_array
from waypost.server.geocoder.house_suffixes import suffix_hashes, suffix_ids
from waypost.server.model import PlaceType

Numbers = npt.NDArray[np.int64]

#: What counts as none in a column of uint16, and so how many different values one may have.
NO_POSTAL = 65_535
#: Names of categories, some of which anybody may invent: beyond these the rarest become the plain one of their kind.
MOST_CATEGORIES = 60_000


def renumbered(
    features: Features, name: str, hanging: Hanging, values: npt.NDArray[np.generic]
) -> tuple[pa.Array, npt.NDArray[np.int32]]:
    """The texts of a table that each layer has of its own, and `values`, indices into it, as indices of these.

    `hanging` tells of each value which layer it is from. The first text is the empty one.
    """
    tables = features.tables(name)
    joined = pa.concat_arrays([text_array([""]), *tables]).dictionary_encode()
    codes = joined.indices.to_numpy()[1:]
    if len(tables) > 1:
        bases = np.cumsum([0, *map(len, tables)])[:-1].astype(np.uint32)
        values = np.asarray(values, np.uint32) + bases[hanging.layer]
    return joined.dictionary, codes[values]


def categories_of(features: Features) -> tuple[TextColumn, npt.NDArray[np.uint16]]:
    """The names of all categories, and of each feature the index of its own."""
    kind = np.asarray(features.numbers("kind"))
    plain = np.array([kind_name.lower() for kind_name in ["", *(each.name for each in PlaceType)]])[kind]
    told = features.texts("category")
    told = pc.if_else(pc.equal(told, ""), pa.array(plain, TEXT), told).dictionary_encode()
    codes = told.indices.to_numpy()
    if len(told.dictionary) > MOST_CATEGORIES:
        common = np.zeros(len(told.dictionary), bool)
        common[np.argsort(-np.bincount(codes), kind="stable")[:MOST_CATEGORIES]] = True
        told = pc.if_else(pa.array(common[codes]), told.cast(TEXT), pa.array(plain, TEXT)).dictionary_encode()
        codes = told.indices.to_numpy()
    known = [*CATEGORIES, HOUSE]
    names = [*known, *sorted(set(told.dictionary.to_pylist()) - set(known))]
    number = {name: at for at, name in enumerate(names)}
    numbers = np.array([number[name] for name in told.dictionary.to_pylist()], np.uint16)
    return TextColumn.from_arrow(text_array(names)), numbers[codes] if len(codes) else numbers[:0]


def postal_arrays(features: Features, code_rows: CodeRows) -> tuple[Arrays, pa.Array]:
    """The arrays of postal codes, and of each feature the one code that all of it has, else the empty text."""
    codes = features.hanging("postal_offsets")
    texts, numbers = renumbered(features, "postal_codes", codes, codes.numbers("postal_list"))
    owner = np.repeat(np.arange(features.count), np.diff(codes.offsets))
    alone = np.diff(codes.offsets) == 1
    first = numbers[np.minimum(codes.offsets[:-1], max(codes.count - 1, 0))] if codes.count else codes.offsets[:-1] * 0
    arrays: Arrays = {
        "feature_postal_offsets": codes.offsets,
        "feature_postal_rows": code_rows(texts, numbers, owner),
        "feature_postal_codes": numbers.astype(np.uint32),
        "postal_code_texts": TextColumn.from_arrow(texts),
    }
    return arrays, texts.take(pa.array(np.where(alone, first, 0)))


def address_arrays(features: Features) -> Arrays:
    """The arrays of addresses, ranges and lines."""
    addresses, ranges = features.hanging("address_offsets"), features.hanging("range_offsets")
    vertices = features.hanging("line_offsets")
    suffixes, numbers = renumbered(features, "suffixes", addresses, addresses.numbers("address_suffix"))
    if len(suffixes) > NO_POSTAL:
        raise SnapshotError(
            f"house numbers of the imported layers have {len(suffixes):,} different additions; at most "
            f"{NO_POSTAL:,} fit: remove a layer",
            suffixes=str(len(suffixes)),
        )
    written = suffixes.to_pylist()
    return {
        "address_offsets": addresses.offsets,
        **_columns(addresses, ("address_number", "address_point", "address_postal")),
        "address_suffix": numbers.astype(np.uint16),
        "address_source": addresses.texts("address_source"),
        "suffix_text": TextColumn.from_arrow(suffixes),
        "suffix_hash": suffix_hashes(written),
        "suffix_id": TextColumn.from_arrow(text_array(suffix_ids(written))),
        "range_offsets": ranges.offsets,
        **_columns(ranges, ("range_numbers", "range_points")),
        "line_offsets": vertices.offsets,
        **_columns(vertices, ("line",)),
    }


def _columns(hanging: Hanging, names: Sequence[str]) -> Arrays:
    return {name: hanging.numbers(name) for name in names}


class CodeRows:
    """Finds the rows of postal codes: those of the world, else those that the layers have as features."""

    def __init__(self, world: Arrays, features: Features) -> None:
        self._world = world
        self._features = features

    def __call__(self, texts: pa.Array, numbers: npt.NDArray[np.int32], owner: Numbers) -> npt.NDArray[np.int32]:
        """For each pair of a code (an index into `texts`) and the feature that has it the code's row, -1 for none."""
        features, world = self._features, self._world
        base = len(np.asarray(world["anchor"]))
        kind = np.asarray(features.numbers("kind"))
        imported = np.flatnonzero(kind == PlaceType.POSTAL_CODE)
        own = np.flatnonzero(np.asarray(world["place_type"]) == PlaceType.POSTAL_CODE)
        countries = np.asarray(world["country"])
        written = pa.concat_arrays(
            [
                _bare(column_of_texts(world["display_name"]).take(pa.array(own))),
                _bare(features.texts("name").take(pa.array(imported))),
            ]
        )
        rows = np.concatenate([own, imported + base]).astype(np.int32)
        country = np.concatenate([countries[own], countries[features.anchor[imported]]]).astype(np.int64)
        # A code is one of its country: "1010" is in Vienna and in Lausanne.
        known = written.dictionary_encode()
        wanted = pc.fill_null(pc.index_in(_bare(texts), value_set=known.dictionary), -1).to_numpy()[numbers]
        keys = known.indices.to_numpy().astype(np.int64) * len(countries) + country
        order = np.lexsort((rows, keys))
        asked = wanted.astype(np.int64) * len(countries) + countries[features.anchor[owner]]
        at = np.minimum(np.searchsorted(keys[order], asked), max(len(keys) - 1, 0))
        if not len(keys):
            return np.full(len(asked), -1, np.int32)
        found = order[at]
        return np.where((keys[found] == asked) & (wanted >= 0), rows[found], -1).astype(np.int32)


def _bare(codes: pa.Array) -> pa.Array:
    """Codes without what is written or left out at will."""
    return pc.replace_substring_regex(pc.utf8_upper(codes), r"[\s\-]+", "")
