"""The filter of a list of jobs: the part of AIP-160 that jobs.proto documents, as a tree of frozen values.

    expression = sequence { "AND" sequence }        sequence = factor { factor }
    factor     = term { "OR" term }                 term     = [ "NOT" | "-" ] ( restriction | "(" expression ")" )
    restriction = field comparator value            field    = "state" | "create_time" | "labels" [ "." key ]

OR binds tighter than AND, as AIP-160 wants it, and two factors beside each other are joined by AND.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.jobs.states import JobState

MAX_CHARS = 2_048
MAX_TERMS = 50


@dataclass(frozen=True, slots=True)
class StateIs:
    """The job is in this state."""

    state: JobState


@dataclass(frozen=True, slots=True)
class CreatedWhen:
    """The time of creation, compared with seconds since the epoch; `comparator` is one of = < <= > >=."""

    comparator: str
    time_s: float


@dataclass(frozen=True, slots=True)
class HasLabel:
    """The job has a label of this key, and of this value unless that is None."""

    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Not:
    """The term does not hold."""

    term: Filter


@dataclass(frozen=True, slots=True)
class All:
    """Every term holds."""

    terms: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one term holds."""

    terms: tuple[Filter, ...]


Filter = StateIs | CreatedWhen | HasLabel | Not | All | Any

_TOKEN = re.compile(
    r"""\s*(?: (?P<string>"(?:[^"\\\0]|\\[^\0])*"|'(?:[^'\\\0]|\\[^\0])*')
             | (?P<comparator><=|>=|!=|=|<|>|:)
             | (?P<mark>[().]|-(?=\S))
             | (?P<word>\*|[A-Za-z0-9_][A-Za-z0-9_+-]*) )""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_EQUALITIES = ("=", "!=", ":")
_ORDERS = ("=", "!=", "<", "<=", ">", ">=")


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def parse_filter(text: str) -> Filter | None:
    """The tree of `text`, None where it is blank.

    Raises InvalidArgument with reason BAD_FILTER, whose violation names the position, from 1 in code points.
    """
    if len(text) > MAX_CHARS:
        raise _refuse(text, f"at most {MAX_CHARS} code points, not {len(text)}")
    tokens = _tokens(text)
    return _Parser(text, tokens).whole() if len(tokens) > 1 else None


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        kind = found.lastgroup if found else None
        if found is None or kind is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise _refuse(text, f"at position {at + 1} a word, a quoted text, a comparator or a parenthesis")
        tokens.append(_Token(kind, found[kind], found.start(kind) + 1))
        at = found.end()
    tokens.append(_Token("end", "", len(text) + 1))
    return tokens


class _Parser:
    """Walks over the tokens once; a method per rule of the grammar."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0
        self._terms = 0

    def whole(self) -> Filter:
        tree = self._expression()
        if self._next.kind != "end":
            raise self._expected("AND, OR or the end")
        return tree

    def _expression(self) -> Filter:
        terms = [self._sequence()]
        while self._skip("word", "AND"):
            terms.append(self._sequence())
        return terms[0] if len(terms) == 1 else All(tuple(terms))

    def _sequence(self) -> Filter:
        terms = [self._factor()]
        while self._begins_term():
            terms.append(self._factor())
        return terms[0] if len(terms) == 1 else All(tuple(terms))

    def _factor(self) -> Filter:
        terms = [self._term()]
        while self._skip("word", "OR"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else Any(tuple(terms))

    def _term(self) -> Filter:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise self._expected(f"the end, after {MAX_TERMS} terms")
        if self._skip("word", "NOT") or self._skip("mark", "-"):
            return Not(self._simple())
        return self._simple()

    def _simple(self) -> Filter:
        if not self._skip("mark", "("):
            return self._restriction()
        tree = self._expression()
        if not self._skip("mark", ")"):
            raise self._expected('AND, OR or ")"')
        return tree

    def _restriction(self) -> Filter:
        field = self._take("word", "state, create_time or labels")
        match field.text:
            case "state":
                comparator = self._comparator(_EQUALITIES)
                return _negated_if(comparator == "!=", StateIs(self._state()))
            case "create_time":
                comparator = self._comparator(_ORDERS)
                time_s = self._time_s()
                return _negated_if(comparator == "!=", CreatedWhen("=" if comparator == "!=" else comparator, time_s))
            case "labels":
                return self._label()
        raise _refuse(self._text, f"at position {field.position} state, create_time or labels, not {field.text!r}")

    def _label(self) -> Filter:
        if not self._skip("mark", "."):
            self._comparator((":",))
            return HasLabel(self._text_value("the key of a label"), None)
        key = self._text_value("the key of a label")
        comparator = self._comparator(_EQUALITIES)
        if self._skip("word", "*"):
            if comparator != ":":
                raise self._expected("a value; labels.KEY:* asks whether there is one", self._tokens[self._at - 1])
            return HasLabel(key, None)
        return _negated_if(comparator == "!=", HasLabel(key, self._text_value("the value of a label")))

    def _state(self) -> JobState:
        token = self._next
        name = self._text_value("a state").removeprefix("STATE_")
        if name not in JobState.__members__:
            raise self._expected(" or ".join(JobState.__members__), token)
        return JobState[name]

    def _time_s(self) -> float:
        token = self._take("string", 'a quoted RFC 3339 time, "2026-11-01T00:00:00Z"')
        try:
            time = datetime.fromisoformat(token.text[1:-1])
        except ValueError:
            time = None
        if time is None or time.tzinfo is None:
            raise self._expected('an RFC 3339 time with its offset, "2026-11-01T00:00:00Z"', token)
        return time.timestamp()

    def _comparator(self, allowed: tuple[str, ...]) -> str:
        if self._next.kind != "comparator" or self._next.text not in allowed:
            raise self._expected(" or ".join(allowed))
        return self._advance().text

    def _text_value(self, what: str) -> str:
        if self._next.kind == "string":
            return _ESCAPE.sub(r"\1", self._advance().text[1:-1])
        if self._next.text == "*":
            raise self._expected(what)
        return self._take("word", what).text

    def _begins_term(self) -> bool:
        kind, text, _ = self._next
        return (kind == "word" and text not in ("AND", "OR")) or (kind == "mark" and text in ("(", "-"))

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _advance(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _skip(self, kind: str, text: str) -> bool:
        if (self._next.kind, self._next.text) != (kind, text):
            return False
        self._at += 1
        return True

    def _take(self, kind: str, what: str) -> _Token:
        if self._next.kind != kind:
            raise self._expected(what)
        return self._advance()

    def _expected(self, what: str, token: _Token | None = None) -> InvalidArgument:
        found = token or self._next
        return _refuse(self._text, f"at position {found.position} {what}, not {found.text or 'the end'!r}")


def _negated_if(negated: bool, term: Filter) -> Filter:
    return Not(term) if negated else term


def _refuse(text: str, allowed: str) -> InvalidArgument:
    return InvalidArgument([FieldViolation("filter", text, allowed, "BAD_FILTER")])
