from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from waypost.server.geocoder.calibration import CURVE, FEATURES, confidence, load_weights

FEATURE_VALUES = st.floats(-1e6, 1e6)
STRAIGHT = np.linspace(0.0, 1.0, CURVE)


def test_the_fit_has_as_many_weights_as_the_kernels_read() -> None:
    weights = load_weights()
    assert weights.shape == (FEATURES + CURVE,)
    assert np.isfinite(weights).all()


def test_the_fitted_curve_is_monotone_and_within_bounds() -> None:
    curve = load_weights()[FEATURES:]
    assert (np.diff(curve) >= 0).all()
    assert curve[0] >= 0
    assert curve[-1] <= 1


@given(arrays(np.float64, FEATURES, elements=FEATURE_VALUES))
def test_confidence_is_a_probability_whatever_the_features(features: np.ndarray) -> None:
    assert 0.0 <= confidence(load_weights(), features) <= 1.0


@pytest.mark.parametrize("total", [-40.0, -3.0, 0.0, 0.7, 40.0])
def test_with_a_straight_curve_confidence_is_the_logistic_function(total: float) -> None:
    weights = np.concatenate([np.zeros(FEATURES), STRAIGHT])
    weights[0] = total
    features = np.zeros(FEATURES)
    features[0] = 1.0
    assert confidence(weights, features) == pytest.approx(1 / (1 + np.exp(-total)), abs=1e-9)
