"""The rules of addresses on one line, told as plainly as can be: what columns and kernels must agree with."""

from __future__ import annotations

from waypost.server.geocoder.formats import admin1_as_code, template_of


def format_address(
    country_code: str,
    *,
    postal_code: str = "",
    locality: str = "",
    admin1_name: str = "",
    admin1_code: str = "",
    country_name: str,
) -> str:
    """The address on one line; empty parts are left out, and so is an area or country that repeats the town."""
    area = admin1_code if admin1_as_code(country_code) and admin1_code else admin1_name
    texts = {
        "Z": postal_code,
        "C": "" if locality == country_name else locality,
        "S": "" if area in (locality, country_name) else area,
    }
    present = "".join(part for part, text in texts.items() if text)
    line = "".join(texts.get(piece, piece) for piece in template_of(country_code).join(present))
    return f"{line}, {country_name}" if line else country_name
