from __future__ import annotations

import pytest

from waypost.server.geocoder.address_lines import address_line, house_order, house_orders


@pytest.mark.parametrize(
    ("country", "street", "house", "expected"),
    [
        ("FR", "Rue de la Paix", "10", "10 Rue de la Paix"),
        ("US", "Main Street", "12", "12 Main Street"),
        ("DE", "Hauptstraße", "10", "Hauptstraße 10"),
        ("IT", "Via Roma", "10", "Via Roma, 10"),
        ("LU", "Rue de la Gare", "10", "10, Rue de la Gare"),
        ("PL", "Długa", "5", "Długa 5"),
        ("QQ", "Anywhere", "1", "Anywhere 1"),
        ("FR", "Rue de la Paix", "", "Rue de la Paix"),
        ("IT", "", "10", "10"),
    ],
)
def test_a_line_has_the_order_of_its_country(country: str, street: str, house: str, expected: str) -> None:
    assert address_line(country, street, house) == expected


def test_the_table_for_kernels_has_every_country() -> None:
    orders = house_orders()
    for first in "AFGILU":
        for second in "BERTSU":
            number = (ord(first) - 65) * 26 + ord(second) - 65
            assert orders[number] == house_order(first + second)
