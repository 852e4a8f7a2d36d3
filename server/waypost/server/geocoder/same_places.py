"""Which readings of a query mean one place to people, and which is the best that means another."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder.distance import distance_m
from waypost.server.geocoder.jit import inlined, kernel
from waypost.server.model import PlaceType

#: Readings kept where one answer is wanted: enough to find the best that is another place, for the margin.
FEW = np.int64(5)
#: Two readings of one name this near to each other are one place (a city and its district, an enclave's twins).
SAME_PLACE_M = 12_000.0
#: Two streets of one name that begin this near to each other are one that goes on in the next place.
SAME_STREET_M = 150.0

_POSTAL_CODE = int(PlaceType.POSTAL_CODE)


@inlined
def hangs(places, row):  # type: ignore[no-untyped-def]
    """Whether a row is that of a layer: it contains nothing, and lies in its anchor."""
    return places[row].anchor != row and places[row].place_type != _POSTAL_CODE


@kernel
def same_place(places, left, right):  # type: ignore[no-untyped-def]
    """Whether two rows found under one name are one place to people: one contains the other, or they coincide."""
    left_anchor, right_anchor = places[left].anchor, places[right].anchor
    left_hangs, right_hangs = hangs(places, left), hangs(places, right)
    if left_hangs or right_hangs:
        if left_hangs and right_hangs:
            reach_m = SAME_STREET_M
        elif left_hangs:
            return right_anchor <= left_anchor <= places[right].last
        else:
            return left_anchor <= right_anchor <= places[left].last
        return (
            distance_m(places[left].latitude, places[left].longitude, places[right].latitude, places[right].longitude)
            <= reach_m
        )
    # A postal code contains nothing; its anchor is the place that it belongs to.
    left_last = places[left].last if left_anchor == left else left_anchor
    right_last = places[right].last if right_anchor == right else right_anchor
    if left_anchor <= right_anchor <= left_last or right_anchor <= left_anchor <= right_last:
        return True
    return (
        distance_m(places[left].latitude, places[left].longitude, places[right].latitude, places[right].longitude)
        <= SAME_PLACE_M
    )


@kernel
def distinct(places, top, limit, merge, kept):  # type: ignore[no-untyped-def]
    """Positions in `top` of the first `limit` readings that are places of their own, into `kept`; how many."""
    count = 0
    for reading in range(top.size[0]):
        if count >= limit:
            break
        again = False
        if merge:
            for at in range(count):
                other = kept[at]
                if top.reading[other].span == top.reading[reading].span and same_place(
                    places, top.reading[other].row, top.reading[reading].row
                ):
                    again = True
                    break
        if not again:
            kept[count] = reading
            count += 1
    return count


@kernel
def runner_up(places, top, reading):  # type: ignore[no-untyped-def]
    """The best score among the first FEW of a reading that means another place; -inf if there is none."""
    for other in range(min(FEW, top.size[0])):
        if other != reading and not same_place(places, top.reading[other].row, top.reading[reading].row):
            return top.reading[other].score
    return -np.inf
