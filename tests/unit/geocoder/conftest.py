"""The sample gazetteer for tests of the forward engine."""

from __future__ import annotations

import pytest

from tests.unit.geocoder.forward_world import sample_geocoder
from waypost.server.geocoder.engine import Geocoder


@pytest.fixture(scope="module")
def geocoder() -> Geocoder:
    return sample_geocoder()
