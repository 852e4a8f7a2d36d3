"""From what is known of a reading to the share of such readings that are right.

A logistic regression on the features of search.describe, then a monotone curve through the reliability that was
observed. Both are fitted by `python tests/accuracy/run.py --fit` on generated queries, held apart from those that
they are judged on, and kept in calibration.json; docs/accuracy.md has the reliability table.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from waypost.server.gazetteer.snapshot import read_only
from waypost.server.geocoder.jit import kernel

#: Number of features that search.describe computes, the constant one included.
FEATURES = 33
#: Points of the curve, evenly spaced over the logistic regression's output from 0 to 1.
CURVE = 21


#: Where the fitted weights are.
WEIGHTS_FILE = Path(__file__).with_name("calibration.json")


def load_weights(file: Path = WEIGHTS_FILE) -> npt.NDArray[np.float64]:
    """The fitted weights: FEATURES coefficients, then CURVE values of the curve."""
    fitted = json.loads(file.read_text(encoding="utf-8"))
    return read_only(np.array(fitted["coefficients"] + fitted["curve"], np.float64))


@kernel
def confidence(weights, features):  # type: ignore[no-untyped-def]
    """Confidence in [0, 1] for the given features."""
    total = 0.0
    for at in range(FEATURES):
        total += weights[at] * features[at]
    raw = 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
    position = raw * (CURVE - 1)
    below = min(int(position), CURVE - 2)
    share = position - below
    return weights[FEATURES + below] * (1.0 - share) + weights[FEATURES + below + 1] * share
