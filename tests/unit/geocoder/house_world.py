"""Two towns with the same street, a place without streets, a square: the sample with a layer for tests of houses."""

from __future__ import annotations

from functools import cache

from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.engine import Geocoder
from waypost.server.geocoder.sample_layer import SampleAddress, SampleFeature, layer_arrays
from waypost.server.geocoder.warmup import snapshot_with
from waypost.server.model import PlaceType

_STREET, _QUARTER, _POI, _TOWN = PlaceType.STREET, PlaceType.NEIGHBORHOOD, PlaceType.POI, PlaceType.LOCALITY

FEATURES = (
    SampleFeature(
        "w1", _STREET, "Main Street", "gn-8", (39.8020, -89.6500), "n1", [("Calle Mayor", "es", "official")],
        "residential", ways=[((39.8000, -89.6500), (39.8080, -89.6500))],
        ranges=[(100, 140, 2, (39.8050, -89.6498), (39.8058, -89.6498))],
        addresses=[
            SampleAddress(10, (39.8002, -89.6498), "", "62701", "n10"),
            SampleAddress(12, (39.8006, -89.6498), "", "62701", "n12"),
            SampleAddress(12, (39.8007, -89.6498), " bis", "62701", "n13"),
            SampleAddress(12, (39.80085, -89.6498), "/3", "62701", "n14"),
            SampleAddress(123, (39.8075, -89.6498), "", "99999", "n16"),
            SampleAddress(12, (39.8011, -89.6498), "", "62701", "n15"),
        ],
    ),
    SampleFeature(
        "w2", _STREET, "2nd Avenue", "gn-8", (39.8020, -89.6510), category="residential",
        ways=[((39.8020, -89.6560), (39.8020, -89.6440))],
        addresses=[
            SampleAddress(1, (39.8021, -89.6558), "", "", "n21"), SampleAddress(9, (39.8021, -89.6518), "", "", "n22"),
        ],
    ),
    SampleFeature(
        "w3", _STREET, "Main Street", "gn-10", (37.2153, -93.2982), category="residential",
        ways=[((37.2150, -93.2982), (37.2160, -93.2982))],
        addresses=[SampleAddress(12, (37.2155, -93.2981), "", "", "n31")],
    ),
    SampleFeature("n1", _QUARTER, "Old Town", "gn-8", (39.8010, -89.6490), category="suburb"),
    SampleFeature("n2", _POI, "Town Museum", "gn-8", (39.8015, -89.6495), category="museum"),
    SampleFeature(
        "w4", _STREET, "Hauptstraße", "gn-5", (52.5201, 13.4100), category="residential", postal_codes=["10115"],
        ways=[((52.5190, 13.4100), (52.5210, 13.4100))],
        addresses=[
            SampleAddress(1, (52.5192, 13.4102), "", "10115", "n51"),
            SampleAddress(1, (52.5193, 13.4102), "a", "10115", "n52"),
            SampleAddress(2, (52.5192, 13.4098), "", "10115", "n53"),
        ],
    ),
    SampleFeature(
        "p1", _TOWN, "Oberdorf", "gn-2", (48.5, 11.5), population=90, category="hamlet",
        addresses=[SampleAddress(3, (48.5001, 11.5), "", "85000", "a3")],
    ),
    # An address file has no lines.
    SampleFeature(
        "f1", _STREET, "Dorfplatz", "gn-2", (48.5050, 11.5), "p1", category="square",
        addresses=[SampleAddress(0, (48.5050, 11.5), "s/n", "", "a4")],
    ),
)  # fmt: skip


@cache
def house_snapshot() -> Snapshot:
    """That snapshot in memory."""
    return snapshot_with(layer_arrays(FEATURES))


@cache
def house_geocoder() -> Geocoder:
    """A geocoder over it."""
    return Geocoder(house_snapshot())
