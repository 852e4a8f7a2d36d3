"""The order of rows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from waypost.server.gazetteer.hierarchy import Kind, Nodes, order_rows


@st.composite
def worlds(draw: st.DrawFn) -> Nodes:
    """Countries with regions, districts and places, some of which hang on a coarser parent."""
    kinds: list[Kind] = []
    country: list[int] = []
    region: list[int] = []
    district: list[int] = []

    def add(kind: Kind, *parents: int) -> int:
        kinds.append(kind)
        own = len(kinds) - 1
        depth = min(int(kind), int(Kind.LOCALITY))
        line = [*parents, own] if depth < Kind.LOCALITY else list(parents)
        for values, index in ((country, 0), (region, 1), (district, 2)):
            values.append(line[index] if index < len(line) else -1)
        return own

    for _ in range(draw(st.integers(1, 3))):
        nation = add(Kind.COUNTRY)
        for _ in range(draw(st.integers(0, 3))):
            state = add(Kind.REGION, nation)
            for _ in range(draw(st.integers(0, 2))):
                county = add(Kind.DISTRICT, nation, state)
                for kind in draw(st.lists(st.sampled_from([Kind.LOCALITY, Kind.AIRPORT]), max_size=3)):
                    add(kind, nation, state, county)
            for kind in draw(st.lists(st.sampled_from([Kind.LOCALITY, Kind.AIRPORT]), max_size=2)):
                add(kind, nation, state)
        for kind in draw(st.lists(st.sampled_from([Kind.LOCALITY, Kind.AIRPORT]), max_size=2)):
            add(kind, nation)
    count = len(kinds)
    people = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    return Nodes(
        kind=np.array(kinds, np.uint8),
        source=np.arange(count, dtype=np.int32),
        country=np.array(country, np.int32),
        region=np.array(region, np.int32),
        district=np.array(district, np.int32),
        population=np.array(people, np.int64),
    )


@given(worlds())
def test_an_area_contains_exactly_the_rows_up_to_its_last(nodes: Nodes) -> None:
    rows = order_rows(nodes)
    for row, kind in enumerate(rows.kind):
        of = {Kind.COUNTRY: rows.country, Kind.REGION: rows.region, Kind.DISTRICT: rows.district}.get(Kind(kind))
        inside = np.flatnonzero(of == row) if of is not None else np.array([row])
        assert inside.tolist() == list(range(row, rows.last[row] + 1))


@given(worlds())
def test_siblings_come_by_kind_and_then_by_falling_population(nodes: Nodes) -> None:
    rows = order_rows(nodes)
    people = np.empty_like(nodes.population)
    people[rows.row_of_node] = nodes.population
    places = np.flatnonzero(rows.kind >= Kind.LOCALITY)
    parents = np.stack([rows.country, rows.region, rows.district])
    for above, below in pairwise(places.tolist()):
        if (parents[:, above] == parents[:, below]).all():
            assert rows.kind[above] <= rows.kind[below]
            assert rows.kind[above] != rows.kind[below] or people[above] >= people[below]


@given(worlds())
def test_every_node_has_one_row_and_keeps_its_parents(nodes: Nodes) -> None:
    rows = order_rows(nodes)
    assert sorted(rows.row_of_node.tolist()) == list(range(len(nodes.kind)))
    assert (rows.kind[rows.row_of_node] == nodes.kind).all()
    assert (rows.country[rows.row_of_node] == rows.row_of_node[nodes.country]).all()
