"""Questions to results on a sheet, several in one call: search, then describe what was found."""

from __future__ import annotations

import numpy as np

from waypost.server.geocoder import book as b
from waypost.server.geocoder import ranking
from waypost.server.geocoder import sheet as s
from waypost.server.geocoder.contexts import read_contexts
from waypost.server.geocoder.describe_house import add_answer
from waypost.server.geocoder.desk import (
    READINGS,
    filter_of,
    index_of,
    scratch_of,
    streets_of,
    types_of,
    weights_of,
    words_of,
)
from waypost.server.geocoder.houses import CROSSING, NO_HOUSE
from waypost.server.geocoder.jit import kernel, njit
from waypost.server.geocoder.match import IMPORTANCE, TERMS
from waypost.server.geocoder.matches import (
    INFERRED,
    MAX_RESULT_PARTS,
    add_house_parts,
    add_left_over,
    add_part,
    add_span_part,
    sort_parts,
)
from waypost.server.geocoder.notation_prefilter import could_be_notation
from waypost.server.geocoder.same_places import FEW, distinct, hangs
from waypost.server.geocoder.search import NOTATION, judge, search
from waypost.server.geocoder.street_hints import read_hints
from waypost.server.geocoder.street_twins import second_name
from waypost.server.model import PlaceType

_STREET = np.int64(PlaceType.STREET)
_ADDENDS = len(TERMS)


@njit(cache=True, nogil=True)
def look_up(desk, book, sheet, count, fields, wanted, merge, full, notation, slack):  # type: ignore[no-untyped-def]
    """Begins the answers of a sheet anew with the results of its `count` questions, at most `wanted` each.

    Each has as many `fields`. With `notation`, texts that may be coordinates or plus codes are only flagged. Readings
    that are worse than the best by more than `slack` may be left out. What does not fit sets OVERFLOW, and then the
    sheet holds nothing of use.
    """
    s.clear(sheet)
    data, offsets, field_to = (
        s.asked_bytes(sheet, s.ASKED),
        s.integers(sheet, s.ASKED_TO),
        s.integers(sheet, s.FIELD_TO),
    )
    sizes = s.integers(sheet, s.SIZES)
    questions = s.questions_of(sheet, s.QUESTIONS)
    index = index_of(desk)
    scratch = scratch_of(desk, FEW if wanted == 1 else wanted + wanted // 2 + FEW)
    top = scratch[3]
    kept = np.empty(wanted, np.int64)
    for text in range(count):
        field_ends = field_to[text * fields : (text + 1) * fields]
        question = questions[text]
        question.flags = question.layers = question.against = question.scored = 0
        begin, end = offsets[text], offsets[text + 1]
        if notation and could_be_notation(data, begin, end):
            question.flags = NOTATION
        else:
            tokens, found, whole, flags = search(
                index, words_of(desk), streets_of(desk), data, begin, end, field_ends, types_of(desk), filter_of(desk),
                slack, scratch,
            )  # fmt: skip
            question.flags = flags
            question.scored = top.size[1]
            readings = kept[: distinct(index.places, top, wanted, merge, kept)]
            _add_results(desk, book, sheet, question, data, begin, field_ends, tokens, found, whole, readings, full)
        question.result_to = sizes[s.AT_RESULT]
        if sizes[s.OVERFLOW]:
            break


@kernel
def _add_results(desk, book, sheet, question, data, begin, field_ends, count, found, whole, readings, full):  # type: ignore[no-untyped-def]
    """Adds `readings` of what search left in the scratch as results of one text."""
    sizes = s.integers(sheet, s.SIZES)
    results = s.results_of(sheet, s.RESULTS)
    room = sizes[s.AT_PART] + readings.size * MAX_RESULT_PARTS <= s.parts_of(sheet, s.PARTS).size
    if sizes[s.AT_RESULT] + readings.size > results.size or not room:
        sizes[s.OVERFLOW] = 1
        return
    index, scratch = index_of(desk), scratch_of(desk, np.int64(READINGS))
    tokens, top = scratch[0], scratch[3]
    streets = streets_of(desk)
    terms = s.floats(sheet, s.TERMS)
    for reading in readings:
        against, sure = judge(index, streets, scratch, count, found, whole, reading, filter_of(desk), weights_of(desk))
        told = top.reading[reading]
        at = add_answer(
            book, sheet, told.row, np.int64(told.house), told.address, np.int64(told.crossing), told.latitude,
            told.longitude, told.error_m, data, np.int64(told.number_from), np.int64(told.number_to), full,
        )  # fmt: skip
        result = results[at]
        result.confidence = sure
        result.score = top.reading[reading].score
        question.layers |= 1 << result.layer
        for term in range(_ADDENDS):
            terms[at * s.MAX_TERMS + term] = top.reading[reading].terms[term]
        if reading == readings[0]:
            for token in range(count):
                if (against >> np.uint64(token)) & np.uint64(1):
                    question.against |= 1 << tokens.word[token].field
        if full:
            _add_parts(book, sheet, index, streets, data, begin, field_ends, scratch, count, found, reading, against)
            result.part_to = sizes[s.AT_PART]


@njit(cache=True, nogil=True)
def _add_parts(book, sheet, index, streets, data, begin, field_ends, scratch, count, found, reading, against):  # type: ignore[no-untyped-def]
    """Adds what became of each part of a text in one reading: in its order, then region and country nobody wrote."""
    tokens, spans, contexts, top, _, _, _ = scratch
    starts = np.empty(field_ends.size, np.int64)
    starts[0] = begin
    for field in range(1, field_ends.size):
        starts[field] = field_ends[field - 1]
    first = s.integers(sheet, s.SIZES)[s.AT_PART]
    row = top.reading[reading].row
    naming = np.int64(top.reading[reading].span)
    places = index.places
    if streets != 0 and hangs(places, row):
        crossed = spans[spans[naming].country].mask if top.reading[reading].house == CROSSING else np.uint64(0)
        parts = read_hints(places, streets, spans, naming, row, crossed, top.chosen, top.rows)[0]
    else:
        parts, _, _, _, _, _ = read_contexts(
            index.postings, places, spans, contexts, naming, row, np.int64(places[row].place_type),
            top.reading[reading].terms[IMPORTANCE] / ranking.IMPORTANCE_WEIGHT, -np.inf, top.chosen, top.rows,
        )  # fmt: skip
    record = b.records_of(book, b.RECORDS)[row]
    region, country = np.int64(record.admin1), np.int64(record.country)
    explained = np.uint64(0)
    for part in range(-1, parts):
        span = spans[naming if part < 0 else top.chosen[part]]
        meant = np.int64(row if part < 0 else top.rows[part])
        explained |= span.mask
        add_span_part(book, sheet, data, starts, tokens.word, span, np.int64(places[meant].place_type), meant)
        if meant == region:
            region = np.int64(-1)
        if meant == country:
            country = np.int64(-1)
    if streets != 0 and places[row].place_type == _STREET:
        twin = second_name(streets, tokens, spans, row, spans[naming].first, spans[naming].last, explained)
        if twin >= 0:
            add_span_part(book, sheet, data, starts, tokens.word, spans[twin], _STREET, row)
            explained |= spans[twin].mask
    if top.reading[reading].house != NO_HOUSE:
        explained |= add_house_parts(book, sheet, data, starts, tokens.word, count, spans, top.reading[reading])
    add_left_over(book, sheet, data, starts, tokens.word, count, explained, against)
    sort_parts(sheet, first)
    if region >= 0:
        add_part(book, sheet, INFERRED, np.int64(places[region].place_type), region)
    if country >= 0:
        add_part(book, sheet, INFERRED, np.int64(places[country].place_type), country)
