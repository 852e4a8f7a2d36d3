"""What the confidence of an answer that lies in a layer depends on; see calibration.py for what is made of it.

Fitted apart from places, on addresses of a layer that are asked back (tests/accuracy), so that a snapshot without
layers is as sure as ever.
"""

from __future__ import annotations

from pathlib import Path

from waypost.server.geocoder import streets as st
from waypost.server.geocoder.houses import CROSSING, EXACT, INTERPOLATED, STREET_ONLY
from waypost.server.geocoder.jit import kernel
from waypost.server.geocoder.match import EXPLAINED, NAME
from waypost.server.geocoder.street_hints import IN_TOWN, NEAR_TOWN, OTHER_CODE, OTHER_TOWN, WITH_CODE
from waypost.server.geocoder.street_left_over import weigh_left
from waypost.server.model import PlaceType

#: Where the fitted weights are.
WEIGHTS_FILE = Path(__file__).with_name("street_calibration.json")
#: Features that are computed; the rest up to calibration.FEATURES is 0.
STREET_FEATURES = 19

_STREET = int(PlaceType.STREET)


@kernel
def describe_street(index, table, tokens, count, spans, top, reading, whole, margin, limits, features):  # type: ignore[no-untyped-def]
    """Fills `features` for a reading that lies in a layer; returns the words that contradict it, as bits."""
    meant = top.reading[reading]
    span = spans[meant.span]
    signs, flags = st.signs_of(table), meant.levels
    unexplained = max(0.0, whole - meant.terms[EXPLAINED]) / max(whole, 1e-9)
    features[:] = 0.0
    features[0] = 1.0
    features[1] = unexplained
    features[2] = 1.0 if meant.house == EXACT else 0.0
    features[3] = 1.0 if meant.house == INTERPOLATED else 0.0
    features[4] = 1.0 if meant.house == STREET_ONLY and meant.number_to > meant.number_from else 0.0
    features[5] = 1.0 if meant.house == CROSSING else 0.0
    features[6] = 1.0 if meant.edits == 1 else 0.0
    features[7] = 1.0 if meant.edits > 1 else 0.0
    features[8] = 1.0 if flags & IN_TOWN else 0.0
    features[9] = 1.0 if flags & WITH_CODE else 0.0
    features[10] = 1.0 if flags & NEAR_TOWN else 0.0
    features[11] = 1.0 if flags & (OTHER_TOWN | OTHER_CODE) else 0.0
    features[12] = max(-1.0, min(margin, 1.5))
    features[13] = max(-1.0, min(margin, 0.25)) * 4.0
    features[14] = max(0.0, -meant.terms[NAME])
    features[15] = 1.0 if index.places[meant.row].place_type != _STREET else 0.0
    features[16] = 1.0 if limits.focus[0] == limits.focus[0] else 0.0
    # Neither town nor code nor focus: only the name's rareness speaks for it.
    settled = flags & (IN_TOWN | WITH_CODE | NEAR_TOWN) != 0 or features[16] > 0.0
    features[17] = 0.0 if settled else 1.0
    features[18] = features[6] * (1.0 - features[2])
    _, _, against = weigh_left(
        index, table, spans, tokens, count, signs, meant.row, span.first, span.last, ~meant.mask, flags
    )
    return against
