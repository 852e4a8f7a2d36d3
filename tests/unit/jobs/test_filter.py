"""Filters of lists: what is read, and where a mistake is."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.server.errors import InvalidArgument
from waypost.server.jobs.filter import (
    MAX_CHARS,
    MAX_TERMS,
    All,
    Any,
    CreatedWhen,
    Filter,
    HasLabel,
    Not,
    StateIs,
    parse_filter,
)
from waypost.server.jobs.states import JobState

RUNNING, PAUSED = StateIs(JobState.RUNNING), StateIs(JobState.PAUSED)
A = HasLabel("a", None)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", None),
        (" \n\t", None),
        ("state = RUNNING", RUNNING),
        ("state=STATE_RUNNING", RUNNING),
        ('state:"RUNNING"', RUNNING),
        ("state != PAUSED", Not(PAUSED)),
        ("labels:a", A),
        ("labels.a:*", A),
        ("labels.a-b_c = d", HasLabel("a-b_c", "d")),
        ('labels.\'key with blanks\' = "it\'s \\"so\\""', HasLabel("key with blanks", 'it\'s "so"')),
        ('labels.a = ""', HasLabel("a", "")),
        ('create_time < "1970-01-01T00:00:01.5Z"', CreatedWhen("<", 1.5)),
        ("create_time>='1970-01-01T01:00:00+01:00'", CreatedWhen(">=", 0.0)),
        ("labels:a AND state = RUNNING OR state = PAUSED", All((A, Any((RUNNING, PAUSED))))),
        ("(labels:a AND state = RUNNING) OR state = PAUSED", Any((All((A, RUNNING)), PAUSED))),
        ("labels:a state = RUNNING", All((A, RUNNING))),
        ("NOT labels:a", Not(A)),
        ("-labels:a", Not(A)),
        ("-(labels:a)", Not(A)),
    ],
)
def test_a_filter_is_read_as_its_grammar_says(text: str, tree: Filter | None) -> None:
    assert parse_filter(text) == tree


@pytest.mark.parametrize(
    ("text", "position", "word"),
    [
        ("stat = RUNNING", 1, "labels"),
        ("state RUNNING", 7, "="),
        ("state > RUNNING", 7, "!="),
        ("state = SLEEPING", 9, "PREPARING"),
        ("state = RUNNING AND", 20, "the end"),
        ("state = RUNNING OR OR", 20, "labels"),
        ("(state = RUNNING", 17, ")"),
        ("state = RUNNING)", 16, "the end"),
        ("labels = a", 8, ":"),
        ("labels. = a", 9, "key"),
        ("labels.a = *", 12, "labels.KEY:*"),
        ("create_time > yesterday", 15, "RFC 3339"),
        ('create_time > "yesterday"', 15, "RFC 3339"),
        ('create_time > "2026-11-01T00:00:00"', 15, "offset"),
        ('labels.a = "open', 12, "quoted"),
        ("labels.a = b;", 13, "position"),
        ("state = RUNNING \0", 17, "position"),
        ('labels.a = "\0"', 12, "position"),
    ],
)
def test_a_mistake_is_named_with_its_position(text: str, position: int, word: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        parse_filter(text)
    assert refused.value.reason == "BAD_FILTER"
    (violation,) = refused.value.violations
    assert f"position {position} " in violation.allowed
    assert word in violation.allowed


def test_a_filter_is_bounded() -> None:
    assert parse_filter(" OR ".join(["labels:a"] * MAX_TERMS)) == Any((A,) * MAX_TERMS)
    for text in (" OR ".join(["labels:a"] * (MAX_TERMS + 1)), "x" * (MAX_CHARS + 1), "(" * MAX_CHARS):
        with pytest.raises(InvalidArgument):
            parse_filter(text)


@given(st.text(alphabet="stae=!<>:.()- \"'\\*\0ANDORT09ü", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidArgument):
        parse_filter(text)


@given(st.text(min_size=1, max_size=30).filter(lambda text: "\0" not in text))
def test_a_quoted_value_comes_back_as_it_was(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    assert parse_filter(f'labels.a = "{quoted}"') == HasLabel("a", value)
