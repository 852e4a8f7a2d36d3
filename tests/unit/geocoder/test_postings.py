from __future__ import annotations

import numpy as np
import pytest

from waypost.server.geocoder.index import _pack
from waypost.server.geocoder.normalize import hash_text
from waypost.server.geocoder.postings import (
    ALTERNATE,
    CODE,
    COST_UNIT,
    PRIMARY,
    fill,
    find,
    posting_cost,
    posting_importance,
    posting_kind,
    posting_row,
    posting_type,
)
from waypost.server.geocoder.warmup import sample_snapshot
from waypost.server.model import PlaceType

NAMES = [f"name{number}" for number in range(3000)]


def test_every_key_is_found_and_no_other() -> None:
    keys = np.array([hash_text(name) for name in NAMES], np.uint64)
    positions = np.arange(1, keys.size + 1)
    slots = np.zeros(8192, np.uint64)
    fill(slots, keys, positions)
    assert [find(slots, key) for key in keys] == positions.tolist()
    assert all(find(slots, hash_text(f"other{number}")) == 0 for number in range(3000))


def test_a_posting_keeps_what_was_packed() -> None:
    key = np.array([hash_text("a")] * 3, np.uint64)
    rows = np.array([7, 4_000_000_000, 9])
    kinds = np.array([PRIMARY, CODE, ALTERNATE], np.uint8)
    costs = np.array([0.25, 9.0, 1.0])
    types = np.array([PlaceType.LOCALITY, PlaceType.COUNTRY, PlaceType.LOCALITY], np.uint8)
    slots, packed = _pack(key, rows, kinds, costs, types, np.array([0.5, 1.0, 0.9]))
    head = find(slots, key[0])
    assert packed[head] == 3
    group = packed[head + 1 : head + 4]
    # The area first although its worth is lowest, then by falling importance less cost.
    assert [posting_row(posting) for posting in group] == [4_000_000_000, 7, 9]
    assert [posting_kind(posting) for posting in group] == [CODE, PRIMARY, ALTERNATE]
    assert [posting_type(posting) for posting in group] == [PlaceType.COUNTRY, PlaceType.LOCALITY, PlaceType.LOCALITY]
    assert [posting_cost(posting) for posting in group] == [255 / COST_UNIT, 0.25, 1.0]
    assert [posting_importance(posting) for posting in group] == pytest.approx([1.0, 0.5, 0.9], abs=1e-5)


def test_of_two_ways_to_one_row_under_one_name_the_cheaper_stays() -> None:
    key = np.array([hash_text("a")] * 2, np.uint64)
    types = np.full(2, PlaceType.LOCALITY, np.uint8)
    rows, kinds = np.array([5, 5]), np.array([CODE, ALTERNATE], np.uint8)
    slots, packed = _pack(key, rows, kinds, np.array([1.0, 0.5]), types, np.full(2, 0.3))
    head = find(slots, key[0])
    assert packed[head] == 1
    assert posting_kind(packed[head + 1]) == ALTERNATE


def test_groups_are_areas_first_then_by_falling_worth() -> None:
    packed = sample_snapshot().array("forward_postings")
    slots = sample_snapshot().array("forward_slots")
    head = find(slots, hash_text("berlin"))
    group = packed[head + 1 : head + 1 + int(packed[head])]
    assert [posting_type(posting) for posting in group] == [PlaceType.REGION, PlaceType.LOCALITY]


def test_postal_codes_are_apart_from_names() -> None:
    slots = sample_snapshot().array("forward_slots")
    assert find(slots, hash_text("10115")) == 0
