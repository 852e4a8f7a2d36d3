from __future__ import annotations

import unicodedata

import pyarrow as pa
import pytest

from waypost.server.geocoder import columns as c
from waypost.server.geocoder.texts import ADDRESS_FIELDS, MAX_QUERY_CODE_POINTS, join_fields, read_texts


def fault(text: str | None) -> int:
    return int(read_texts(pa.array([text], pa.string()))[1][0])


@pytest.mark.parametrize("char", ["a", "ä", "東", "😀"])
def test_the_limit_counts_code_points(char: str) -> None:
    assert fault(char * MAX_QUERY_CODE_POINTS) == 0
    assert fault(char * (MAX_QUERY_CODE_POINTS + 1)) == c.TOO_LONG


def test_null_nul_and_blank_are_told_apart() -> None:
    assert fault(None) == c.NULL_VALUE
    assert fault("") == c.BLANK
    assert fault("a\0") == c.NUL_CHARACTER
    assert fault("\0") == c.NUL_CHARACTER
    assert fault(" x ") == 0


def test_blank_is_what_python_strips_to_nothing() -> None:
    chars = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]
    _, faults = read_texts(pa.array(chars))
    assert [char for char, found in zip(chars, faults, strict=True) if found == c.BLANK] == [
        char for char in chars if not char.strip()
    ]
    assert all(unicodedata.category(char)[0] in "ZC" for char, found in zip(chars, faults, strict=True) if found)


def test_fields_are_joined_in_order_and_their_ends_are_known() -> None:
    fields = {"region_code": pa.array(["DE", None]), "locality": pa.array(["Köln", "Rom"])}
    texts, ends, faults = join_fields(fields)
    assert texts.to_arrow().to_pylist()[0].split("\n")[:6] == ["", "", "Köln", "", "", "DE"]
    data = texts.data.tobytes()
    for row, start in enumerate(texts.offsets[:-1]):
        pieces = []
        for end in ends[row]:
            pieces.append(data[start : end - 1].decode())
            start = end
        expected = {name: (column[row].as_py() or "") for name, column in fields.items()}
        assert pieces == [expected.get(name, "") for name in ADDRESS_FIELDS]
    assert faults.tolist() == [0, 0]
