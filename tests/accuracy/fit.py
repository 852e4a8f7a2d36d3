"""Fits the confidence on generated questions, never those that it is judged on; see geocoder/calibration.py."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.accuracy.cases import CaseSet
from tests.accuracy.judge import Judge
from waypost.server.gazetteer.snapshot import Snapshot
from waypost.server.geocoder.calibration import CURVE, FEATURES, WEIGHTS_FILE
from waypost.server.geocoder.engine import Geocoder
from waypost.server.model import GeocodeQuery, Point

Floats = npt.NDArray[np.float64]

#: Invented names count more than their share: to be sure of one is worse than to doubt a real one.
_SET_WEIGHTS = {"nonexistent": 11.0, "no_address": 3.0}
#: Keeps the coefficients finite where a feature separates right from wrong.
_RIDGE = 1e-2
_ROUNDS = 50


def write_fit(geocoder: Geocoder, snapshot: Snapshot, sets: Iterable[CaseSet]) -> str:
    """Writes geocoder/calibration.json; returns what was fitted on, in words."""
    features, right, weight = _examples(geocoder, snapshot, sets)
    write_weights(WEIGHTS_FILE, features, right, weight)
    return f"{right.size} answers, {right.mean():.1%} of them right"


def write_weights(file: Path, features: Floats, right: Floats, weight: Floats) -> None:
    """Fits the confidence to answers with those features, and writes it as calibration.load_weights reads it."""
    coefficients = logistic(features, right, weight)
    raw = 1.0 / (1.0 + np.exp(-features @ coefficients))
    curve = monotone_curve(raw, right, weight)
    fitted = {
        "coefficients": [round(float(value), 4) for value in coefficients],
        "curve": [round(float(value), 4) for value in curve],
    }
    file.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")


def _examples(geocoder: Geocoder, snapshot: Snapshot, sets: Iterable[CaseSet]) -> tuple[Floats, Floats, Floats]:
    """Features (answers, FEATURES), whether each is right, and what it counts."""
    judge = Judge(snapshot)
    features, right, weight = [], [], []
    for cases in sets:
        for case in cases.cases:
            if isinstance(case.question, Point):
                continue
            text, address = (case.question, None) if isinstance(case.question, str) else ("", case.question)
            row, values = geocoder.features(GeocodeQuery(text=text, address=address))
            if row < 0:
                continue
            features.append(values)
            right.append(float(any(judge.is_right(row, expected) for expected in case.expected)))
            weight.append(_SET_WEIGHTS.get(cases.name, 1.0))
    return np.array(features).reshape(-1, FEATURES), np.array(right), np.array(weight)


def logistic(features: Floats, right: Floats, weight: Floats) -> Floats:
    """Coefficients of a ridge logistic regression, by Newton's method."""
    coefficients = np.zeros(features.shape[1])
    for _ in range(_ROUNDS):
        share = 1.0 / (1.0 + np.exp(-np.clip(features @ coefficients, -30, 30)))
        slope = features.T @ (weight * (right - share)) - _RIDGE * coefficients
        curvature = (features.T * (weight * share * (1.0 - share))) @ features + _RIDGE * np.eye(coefficients.size)
        step = np.linalg.solve(curvature, slope)
        coefficients += step
        if np.abs(step).max() < 1e-6:
            break
    return coefficients


def monotone_curve(raw: Floats, right: Floats, weight: Floats) -> Floats:
    """Values at CURVE even points of a rising broken line through the observed shares (least squares)."""
    position = raw * (CURVE - 1)
    below = np.minimum(position.astype(int), CURVE - 2)
    share = position - below
    design = np.zeros((raw.size, CURVE))
    design[np.arange(raw.size), below] = 1.0 - share
    design[np.arange(raw.size), below + 1] += share
    prior = np.linspace(0.0, 1.0, CURVE)
    # Points with few answers stay near the regression's own value.
    weighted = design * weight[:, None]
    values = np.linalg.solve(design.T @ weighted + 20.0 * np.eye(CURVE), weighted.T @ right + 20.0 * prior)
    mass: Floats = weighted.sum(axis=0) + 1.0
    return np.clip(_rising(np.asarray(values, np.float64), mass), 0.0, 1.0)


def _rising(values: Floats, weight: Floats) -> Floats:
    """The nearest sequence that never falls (pool adjacent violators)."""
    blocks: list[list[float]] = []
    for value, mass in zip(values.tolist(), weight.tolist(), strict=True):
        blocks.append([value, mass, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            later, earlier = blocks.pop(), blocks.pop()
            mass = earlier[1] + later[1]
            blocks.append([(earlier[0] * earlier[1] + later[0] * later[1]) / mass, mass, earlier[2] + later[2]])
    return np.concatenate([np.full(int(size), value) for value, _, size in blocks])
