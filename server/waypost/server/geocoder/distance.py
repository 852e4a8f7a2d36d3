"""Great-circle distance, for kernels."""

from __future__ import annotations

import math

from waypost.server.geocoder.jit import njit

#: Mean radius of the Earth in metres (IUGG 1980, R1).
EARTH_RADIUS_M = 6_371_008.8
#: Metres in a degree of latitude on that sphere.
METRES_PER_DEGREE = EARTH_RADIUS_M * math.pi / 180.0


@njit(cache=True, nogil=True)
def distance_m(latitude, longitude, other_latitude, other_longitude):  # type: ignore[no-untyped-def]
    """Metres between two points in degrees on a sphere, right at poles and antimeridian (haversine formula).

    Within 0.6 % of the distance on the WGS 84 ellipsoid.
    """
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    half_phi = (other_phi - phi) / 2.0
    half_lambda = math.radians(other_longitude - longitude) / 2.0
    chord = math.sin(half_phi) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(half_lambda) ** 2
    return 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))
