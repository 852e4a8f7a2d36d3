"""The column of addresses is the same as one address at a time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.address_line import format_address
from waypost.server.gazetteer.addresses import format_addresses
from waypost.server.gazetteer.texts import text_array

_PARTS = st.sampled_from(["", "Tokyo", "Springfield", "IL", "90210", "Japan"])
_ROWS = st.tuples(st.sampled_from(["DE", "US", "JP", "GB", "BR", "TR", "KZ", "ZZ"]), *[_PARTS] * 4, st.just("Japan"))


@given(st.lists(_ROWS, min_size=1, max_size=20))
def test_columns_and_single_addresses_are_equal(rows: list[tuple[str, str, str, str, str, str]]) -> None:
    country_code, postal_code, locality, name, code, country = (
        text_array(column) for column in zip(*rows, strict=True)
    )
    lines = format_addresses(
        country_code,
        postal_code=postal_code,
        locality=locality,
        admin1_name=name,
        admin1_code=code,
        country_name=country,
    )
    assert lines.to_pylist() == [
        format_address(
            row[0], postal_code=row[1], locality=row[2], admin1_name=row[3], admin1_code=row[4], country_name=row[5]
        )
        for row in rows
    ]
