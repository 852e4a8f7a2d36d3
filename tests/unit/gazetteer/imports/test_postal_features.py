from __future__ import annotations

import numpy as np
import pytest

from waypost.server.gazetteer.imports.postal_features import codes_by_feature, written_code


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("80331", "80331"),
        (" sw1a 1aa ", "SW1A 1AA"),
        ("21224-1234", "21224"),
        ("80331;80333", "80331"),
        ("00-950", "00-950"),
        ("", ""),
        ("-", ""),
        ("none of your business", ""),
    ],
)
def test_a_code_is_kept_as_people_write_it(written: str, kept: str) -> None:
    assert written_code(written) == kept


def test_codes_of_a_feature_come_by_frequency_then_in_order() -> None:
    feature, code = np.array([0, 0, 0, 2, 2], np.int32), np.array([3, 1, 3, 0, 5], np.int32)
    found = codes_by_feature(feature, code, np.array([0, 1]), np.array([1, 4], np.int32), 3)
    assert found.offsets.tolist() == [0, 2, 3, 4]
    assert found.codes.tolist() == [1, 3, 4, 5]
    assert found.rank.tolist() == [1, 0, 1, 65_535, 0]
