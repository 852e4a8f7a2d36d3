"""Formatted addresses of all rows at once: by the templates of geocoder/formats.py."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from waypost.server.gazetteer.texts import concatenated, text, to_mask
from waypost.server.geocoder.formats import admin1_as_code, form_of, template_of


def format_addresses(
    country_code: pa.Array,
    *,
    postal_code: pa.Array,
    locality: pa.Array,
    admin1_name: pa.Array,
    admin1_code: pa.Array,
    country_name: pa.Array,
    line: pa.Array | None = None,
) -> pa.Array:
    """(n,) one line for each row; parts that are empty are left out. `line` is that of street and house number."""
    encoded = country_code.dictionary_encode()
    countries = encoded.dictionary.to_pylist()
    country = encoded.indices.to_numpy()
    uses_code = np.array([admin1_as_code(code) for code in countries])[country]
    takes_code = pc.and_(pa.array(uses_code), pc.not_equal(admin1_code, ""))
    area = pc.if_else(takes_code, admin1_code, admin1_name)
    repeats = pc.or_(pc.equal(area, locality), pc.equal(area, country_name))
    columns = {
        "Z": postal_code,
        "C": pc.if_else(pc.equal(locality, country_name), text(""), locality),
        "S": pc.if_else(repeats, text(""), area),
    }
    if line is not None:
        columns["A"] = line
    # One country stands for all that write alike.
    models = {(template_of(code), template_of(code, with_line=True)): code for code in sorted(countries, reverse=True)}
    distinct = sorted(models.values())
    model_of = {pair: distinct.index(code) for pair, code in models.items()}
    numbers = [model_of[template_of(code), template_of(code, with_line=True)] for code in countries]
    sets = 1 << len(columns)
    present = sum(
        to_mask(pc.not_equal(column, "")).astype(np.int64) << bit for bit, column in enumerate(columns.values())
    )
    shape = np.array(numbers)[country] * sets + present

    order = np.argsort(shape, kind="stable")
    values, starts = np.unique(shape[order], return_index=True)
    lines = [
        _lines(distinct[value // sets], value % sets, columns, country_name, pa.array(rows))
        for value, rows in zip(values.tolist(), np.split(order, starts[1:]), strict=True)
    ]
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return pa.concat_arrays(lines).take(pa.array(back))


def _lines(
    country_code: str, present: int, columns: dict[str, pa.Array], country_name: pa.Array, rows: pa.Array
) -> pa.Array:
    letters = "".join(letter for bit, letter in enumerate(columns) if present >> bit & 1)
    pieces = [columns[piece].take(rows) if piece in columns else piece for piece in form_of(country_code, letters)]
    names = country_name.take(rows)
    return concatenated(*pieces, ", ", names) if pieces else names
