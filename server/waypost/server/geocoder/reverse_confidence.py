"""How sure a reverse answer is. The constants were fitted or measured as docs/decisions/reverse-geocoding.md tells."""

from __future__ import annotations

import math

from waypost.server.geocoder.jit import njit_entry, njit_kernel

#: Share of GeoNames' places whose record names the country of the polygon, further than 5 km from any border.
COUNTRY_INSIDE = 0.998
#: The same for places off the map's coast by at most COAST_TOLERANCE_M, and on islands that it lacks.
COUNTRY_AT_COAST = 0.99
#: Nobody is surer than this near a border.
COUNTRY_NEAR_BORDER_MOST = 0.995

#: Logistic model of "the polygon's country is right" within 5 km of a border: constant, per km from the border,
#: per unit of log ratio of scores of the best foreign and the best own locality. It counts little where no
#: settlement is near: halved at a score of 100, one to two kilometres from a village.
BORDER_CONSTANT = 0.13
BORDER_PER_KM = 1.03
BORDER_PER_LOG_RATIO = 1.86
BORDER_SETTLED_SCORE = 100.0
BORDER_RATIO_SMOOTHING = 5.0
BORDER_LOG_RATIO_MOST = 2.0
#: Scores beyond this say that there is no locality.
NO_LOCALITY_SCORE = 5_000.0

#: Logistic model of "the locality is the one that was meant": constant, per log km, per log of the locality's
#: weight (large cities spread wider, but have more neighbours to be confused with). Fitted on points drawn around
#: places, a part of them evenly, a part by population.
LOCALITY_CONSTANT = 8.32
LOCALITY_PER_LOG_KM = -0.447
LOCALITY_PER_LOG_WEIGHT = -0.917
LOCALITY_NEAREST_KM = 0.3
#: The model holds within the guessed built-up area. From half a kilometre beyond its edge on confidence falls, to
#: a half at 25 km: about the share of places left out for a test whose neighbour by score lies in their own
#: district.
LOCALITY_EDGE_M = 500.0
LOCALITY_OUTSIDE_HALF_M = 25_000.0

#: A point's region is that of its locality: right in 99 % beside it, falling to nine in ten at 40 km.
REGION_BESIDE = 0.99
REGION_DECAY_M = 350_000.0
DISTRICT_BESIDE = 0.97
DISTRICT_DECAY_M = 45_000.0

#: The nearest code with coordinates of its own is the right one in about so many cases: codes are areas, of
#: which only the middle is known (a judgement: no layer has the areas).
POSTAL_OWN = 0.7
POSTAL_OWN_DECAY_M = 10_000.0
#: A code placed at its locality is right if the locality is, and if the locality has no other code.
POSTAL_INHERITED = 0.9
#: A column of codes leaves out those that are less sure: of a city whose ten codes or more share one point.
POSTAL_COLUMN_LEAST = 0.09

#: The nearest airport is the nearest: only its coordinates may be wrong.
POI = 0.98

#: The nearest known address is that of the point in about so many cases. Fitted on the addresses of two towns, of which
#: one in five was left out, and points around them as receivers give them (15 m): row houses are narrower than that.
ADDRESS_BESIDE = 0.72
ADDRESS_DECAY_M = 60.0
#: Who asks for a point within two metres of an address most likely has it from there.
ADDRESS_ITSELF = 0.26
ADDRESS_ITSELF_M = 2.0
#: A number between two neighbours is as often that of the house beside it (a judgement).
INTERPOLATED = 0.35
#: The nearest street is the one that the point's houses belong to: less sure the farther it is.
STREET_BESIDE = 0.93
STREET_DECAY_M = 250.0
#: What contains a house or a street was told by the boundaries and names of its source.
CONTAINS_ADDRESS = 0.99
QUARTER_OF_ADDRESS = 0.9
#: The nearest centre is that of the point's quarter, of which only centres are known.
QUARTER = 0.7
QUARTER_DECAY_M = 2_000.0
#: The code of an address is that of the points around it.
POSTAL_OF_ADDRESS = 0.97


@njit_kernel
def own_country_near_border(border_m: float, own_score: float, foreign_score: float) -> float:
    """Probability that a point `border_m` metres from a border lies in the country of its polygon.

    Scores are those of the best locality of either country, infinite where there is none.
    """
    own = min(own_score, NO_LOCALITY_SCORE)
    foreign = min(foreign_score, NO_LOCALITY_SCORE)
    ratio = math.log((foreign + BORDER_RATIO_SMOOTHING) / (own + BORDER_RATIO_SMOOTHING))
    ratio = min(max(ratio, -BORDER_LOG_RATIO_MOST), BORDER_LOG_RATIO_MOST)
    settled = 1.0 / (1.0 + (min(own, foreign) / BORDER_SETTLED_SCORE) ** 2)
    evidence = BORDER_CONSTANT + BORDER_PER_KM * border_m / 1000.0 + BORDER_PER_LOG_RATIO * ratio * settled
    return 1.0 / (1.0 + math.exp(-evidence))


@njit_kernel
def locality_confidence(distance_m: float, weight: float, edge_m: float) -> float:
    """Probability that the locality at that distance is the one that was meant.

    `weight` is its weight in scores, `edge_m` the radius of its built-up area.
    """
    log_km = math.log(max(distance_m / 1000.0, LOCALITY_NEAREST_KM))
    evidence = LOCALITY_CONSTANT + LOCALITY_PER_LOG_KM * log_km + LOCALITY_PER_LOG_WEIGHT * math.log(weight)
    inside = 1.0 / (1.0 + math.exp(-evidence))
    outside_m = max(distance_m - edge_m - LOCALITY_EDGE_M, 0.0)
    return inside / (1.0 + outside_m / LOCALITY_OUTSIDE_HALF_M)


@njit_entry
def area_confidence(distance_m: float, beside: float, decay_m: float) -> float:
    """Probability that a point has the region or district of a locality at that distance."""
    return beside * math.exp(-distance_m / decay_m)


@njit_kernel
def postal_confidence(distance_m: float, own_point: bool, sharing: int) -> float:
    """Probability that a postal code is that of a point; `sharing` codes lie at the same place."""
    if own_point:
        return POSTAL_OWN * math.exp(-distance_m / POSTAL_OWN_DECAY_M) / sharing
    return POSTAL_INHERITED * math.exp(-distance_m / POSTAL_OWN_DECAY_M) / sharing


@njit_entry
def address_confidence(distance_m: float) -> float:
    """Probability that the address at that distance is the one of the point."""
    far = distance_m / ADDRESS_DECAY_M
    itself = ADDRESS_ITSELF * math.exp(-((distance_m / ADDRESS_ITSELF_M) ** 2))
    return ADDRESS_BESIDE * math.exp(-far - far**2) + itself


@njit_entry
def street_confidence(distance_m: float) -> float:
    """Probability that the street at that distance is the one that people name for the point."""
    return STREET_BESIDE * math.exp(-distance_m / STREET_DECAY_M)
