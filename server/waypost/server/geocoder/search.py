"""One query from bytes to ranked readings: fold, find names, score, correct typing errors where words are left.

The same kernel answers a single query, with all that is needed to explain it (lookup.py), and a column of queries
(search_columns.py).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from waypost.server.geocoder import ranking
from waypost.server.geocoder.broken_parts import follows_name, is_torn, mark_parts
from waypost.server.geocoder.calibration import FEATURES, confidence
from waypost.server.geocoder.contexts import Contexts, gather_contexts, new_contexts
from waypost.server.geocoder.jit import Whole, kernel
from waypost.server.geocoder.kind_spans import add_kind_spans
from waypost.server.geocoder.match import (
    EXPLAINED,
    IMPORTANCE,
    NAME,
    Top,
    by_gain,
    new_top,
    score_spans,
)
from waypost.server.geocoder.normalize import DIGIT, Tokens, new_tokens, tokenize
from waypost.server.geocoder.postings import CODE, posting_importance, posting_kind, posting_type
from waypost.server.geocoder.same_places import hangs, runner_up
from waypost.server.geocoder.spans import (
    MAX_SPANS,
    SPAN,
    add_corrections,
    find_spans,
)
from waypost.server.geocoder.street_confidence import describe_street
from waypost.server.geocoder.street_search import any_named, correct, forget_corrections, prepare, score_streets
from waypost.server.geocoder.streets import MAX_NAMED, street_weights
from waypost.server.geocoder.typo import Corrections, new_corrections
from waypost.server.geocoder.word_gains import word_gains
from waypost.server.model import PlaceType

#: The margin to the runner-up counts up to this much, so that readings that are further behind need not be known.
MARGIN = 1.5
#: Unexplained words are worth correcting from this on: one short word.
_WORTH_CORRECTING = 0.9
#: What is tried where words are left over: (edits, whether words that are explained are corrected too). Most
#: errors are one edit in a word that then means nothing; only if that fails, one in a word that happens to be
#: a name ("Berlim, Germany" is a village and a country), and two edits.
_EFFORTS = ((1, False), (2, False), (1, True))
#: More than sums of the worth of a few words can differ by rounding, and less than any word is worth.
_ROUNDING = 1e-6

_DISTRICT = int(PlaceType.DISTRICT)
_POSTAL_CODE = int(PlaceType.POSTAL_CODE)

Numbers: TypeAlias = npt.NDArray[np.int64]
#: Tokens, spans, contexts, best readings, the order of the spans, corrections, and features of one reading.
Scratch: TypeAlias = tuple[Tokens, npt.NDArray[np.void], Contexts, Top, Numbers, Corrections, npt.NDArray[np.float64]]

#: Flags of a search.
TRUNCATED, CONTRADICTED, NOTATION = 1, 2, 4


def new_scratch(capacity: Whole) -> Scratch:
    """Room for everything that one query needs, to be used again for the next."""
    return (
        new_tokens(),
        np.empty(MAX_SPANS + MAX_NAMED, SPAN),
        new_contexts(),
        new_top(capacity),
        np.empty(MAX_SPANS + MAX_NAMED, np.int64),
        new_corrections(),
        np.empty(FEATURES, np.float64),
    )


@kernel
def search(index, words, streets, data, begin, end, field_ends, field_types, limits, slack, scratch):  # type: ignore[no-untyped-def]
    """Fills `scratch` with the readings of `data[begin:end]`: (words, spans, worth of all words, flags).

    `field_ends` are the bytes at which the fields of a structured address end (one for free text) and
    `field_types` the place types that each allows, as bits. Readings that are worse than the best by more than `slack`
    may be left out. `streets` is the table of streets.py, 0 in a snapshot without layers; the spans that it names
    lie behind those of the places.
    """
    tokens, spans, contexts, top, order, room, _ = scratch
    top.size[:] = 0
    flags = 0
    count = tokenize(index.entries, index.pool, data, begin, end, tokens)
    if count < 0:
        flags |= TRUNCATED
        count = -count
    whole = 0.0
    at_field = 0
    has_kind = word_gains(tokens, count)
    mark_parts(tokens, count, data)
    for token in range(count):
        while tokens.word[token].byte_start >= field_ends[at_field]:
            at_field += 1
        tokens.word[token].field = at_field
        whole += tokens.word[token].gain
    capitals = count == 1 and _is_code_like(data, tokens.word[0].byte_start, tokens.word[0].byte_end)
    exact = find_spans(index, tokens, count, field_types, spans)
    if exact < 0:
        flags |= TRUNCATED
        exact = -exact
    if has_kind:
        exact = add_kind_spans(index, tokens, count, field_types, spans, np.int64(0), np.int64(exact))
    found = exact
    corrected = prepared = False
    for effort in range(len(_EFFORTS) + 1):
        if effort > 0:
            if not _worth_correcting(tokens, count, top):
                break
            edits, everything = _EFFORTS[effort - 1]
            settled = np.uint64(0) if everything or top.size[0] == 0 else top.reading[0].mask
            found = add_corrections(index, words, tokens, count, field_types, spans, exact, edits, settled, room)
            corrected = False
            if found == exact:
                corrected = prepared and correct(streets, tokens, count, field_types, edits, settled, room)
                if not corrected:
                    continue
            if has_kind:
                found = add_kind_spans(index, tokens, count, field_types, spans, exact, found)
            if found == MAX_SPANS:
                flags |= TRUNCATED
            top.size[:] = 0
        by_gain(spans, found, order)
        gather_contexts(index.postings, index.places, spans, found, order, contexts)
        if score_spans(
            index.postings, index.places, spans, found, contexts, order, whole, capitals, limits, slack, top
        ):
            flags |= TRUNCATED
        if streets == 0 or (not prepared and _says_all(index.places, top, whole)):
            continue
        if not prepared:
            prepare(streets, tokens, count, data, field_types)
            prepared = True
        if effort > 0 and not corrected:
            # Where a place explains all words, none of them is a misspelt street; but streets have numbers beside them.
            if _leaves_number(tokens, count, top) or _worth_correcting(tokens, count, top):
                correct(streets, tokens, count, field_types, edits, settled, room)
            else:
                forget_corrections(streets)
        if any_named(streets) and score_streets(
            index, streets, tokens, count, data, spans, found, order, whole, limits, top
        ):
            flags |= TRUNCATED
    return count, found, whole, flags


@kernel
def _is_code_like(data, begin, end):  # type: ignore[no-untyped-def]
    """Whether a word is two to four capital letters, as people write codes."""
    if not 2 <= end - begin <= 4:
        return False
    for byte in data[begin:end]:  # noqa: SIM110 - kernels have no generators
        if not 65 <= byte <= 90:
            return False
    return True


@kernel
def _worth_correcting(tokens, count, top):  # type: ignore[no-untyped-def]
    """Whether the best reading leaves a word unexplained that might be misspelt."""
    mask = top.reading[0].mask if top.size[0] > 0 else np.uint64(0)
    for token in range(count):
        word = tokens.word[token]
        left_over = (mask >> np.uint64(token)) & np.uint64(1) == 0
        if left_over and word.kind != DIGIT and word.gain > _WORTH_CORRECTING:
            return True
    return False


@kernel
def _says_all(places, top, whole):  # type: ignore[no-untyped-def]
    """Whether the best reading is a place that explains all words, and no street can be meant instead."""
    if top.size[0] == 0 or top.reading[0].terms[EXPLAINED] < whole - _ROUNDING:
        return False
    if places[top.reading[0].row].place_type == _POSTAL_CODE:
        return True
    return top.reading[0].terms[IMPORTANCE] >= ranking.IMPORTANCE_WEIGHT * ranking.BEYOND_STREETS


@kernel
def _leaves_number(tokens, count, top):  # type: ignore[no-untyped-def]
    """Whether the best reading leaves a number over, as that of a house is."""
    mask = top.reading[0].mask if top.size[0] > 0 else np.uint64(0)
    for token in range(count):
        if tokens.word[token].kind == DIGIT and (mask >> np.uint64(token)) & np.uint64(1) == 0:
            return True
    return False


@kernel
def contradicts(postings, scratch, found, mask):  # type: ignore[no-untyped-def]
    """Words, as bits, that a reading leaves out although they surely name another country, region or city.

    A piece of another name does not: neither Paris in "Paris Street, Boston" nor the code ST in "Main St Boston".
    """
    tokens, spans, _, _, _, _, _ = scratch
    result = np.uint64(0)
    for span in range(found):
        if spans[span].mask & mask != 0 or spans[span].edits > 0 or spans[span].postal or is_torn(spans, span, mask):
            continue
        head = spans[span].head
        for at in range(head + 1, head + 1 + min(spans[span].count, 4)):
            posting = postings[at]
            if posting_kind(posting) == CODE and (
                spans[span].gain < 1.0 or follows_name(tokens, spans[span].first, mask)
            ):
                continue
            known = ranking.CONTRADICTING_AREA if posting_type(posting) <= _DISTRICT else ranking.CONTRADICTING_PLACE
            if posting_importance(posting) >= known:
                result |= spans[span].mask
                break
    return result


@kernel
def describe(index, scratch, count, found, whole, reading, features):  # type: ignore[no-untyped-def]
    """Fills `features` (FEATURES) with what the confidence of a reading depends on; returns the contradicting words."""
    tokens, spans, _, top, _, _, _ = scratch
    row = top.reading[reading].row
    mask = top.reading[reading].mask
    against = contradicts(index.postings, scratch, found, mask)
    margin = top.reading[reading].score - runner_up(index.places, top, reading)
    place_type = np.int64(index.places[row].place_type)
    leading = 0.0
    for token in range(count):
        if tokens.word[token].kind != DIGIT and tokens.word[token].gain > _WORTH_CORRECTING:
            if (mask >> np.uint64(token)) & np.uint64(1) == 0:
                leading = 1.0
            break
    unexplained = max(0.0, whole - top.reading[reading].terms[EXPLAINED])
    edits = top.reading[reading].edits
    levels = top.reading[reading].levels
    features[0] = 1.0
    features[1] = unexplained / max(whole, 1e-9)
    features[2] = leading
    features[3] = max(-1.0, min(margin, MARGIN))
    features[4] = top.reading[reading].terms[IMPORTANCE] / ranking.IMPORTANCE_WEIGHT
    features[5] = -top.reading[reading].terms[NAME]
    features[6] = 1.0 if edits == 1 else 0.0
    features[7] = 1.0 if edits > 1 else 0.0
    features[8] = 1.0 if levels > 0 else 0.0
    features[9] = 1.0 if against != 0 else 0.0
    features[10] = 1.0 if place_type <= _DISTRICT else 0.0
    features[11] = 1.0 if place_type == _POSTAL_CODE else 0.0
    features[12] = 1.0 if top.reading[reading].kind == CODE and levels == 0 else 0.0
    features[13] = 1.0 if edits > 0 and levels == 0 else 0.0
    features[14] = leading * features[10]
    features[15] = 1.0 if place_type == _POSTAL_CODE and levels == 0 else 0.0
    features[16] = max(-1.0, min(margin, 0.25)) * 4.0
    span = spans[top.reading[reading].span]
    letters = tokens.word[span.last - 1].end - tokens.word[span.first].start
    features[17] = 1.0 if span.country >= 0 else 0.0
    features[18] = features[4] * features[13]
    features[19] = edits / letters * (1.0 + features[13])
    features[20] = 1.0 if letters <= 3 and levels == 0 else 0.0
    features[21] = features[4] * (1.0 - features[8]) * (1.0 - features[6]) * (1.0 - features[7])
    features[22] = leading * features[8]
    features[24] = features[13] * features[3]
    features[25] = features[13] * features[7]
    features[26] = features[13] * max(0.0, features[4] - 0.5)
    features[27] = features[13] / letters
    features[23] = features[1] * (1.0 - features[8])
    features[29] = features[23] * features[4]
    features[30] = features[1] * features[12]
    features[31] = features[1] * features[15]
    features[32] = features[1] * features[1] * features[8]
    features[28] = 1.0
    for token in range(count):
        if tokens.word[token].gain > ranking.PLACEHOLDER_GAIN:
            features[28] = 0.0
            break
    return against


@kernel
def judge(index, streets, scratch, count, found, whole, reading, limits, weights):  # type: ignore[no-untyped-def]
    """The words that contradict a reading, as bits, and its confidence."""
    tokens, spans, _, top, _, _, features = scratch
    if streets != 0 and hangs(index.places, top.reading[reading].row):
        margin = top.reading[reading].score - runner_up(index.places, top, reading)
        against = describe_street(index, streets, tokens, count, spans, top, reading, whole, margin, limits, features)
        return against, confidence(street_weights(streets), features)
    against = describe(index, scratch, count, found, whole, reading, features)
    return against, confidence(weights, features) * (ranking.CONTRADICTED_SHARE if against != 0 else 1.0)
