"""Which columns of an input are what: as the caller named them, else guessed from their headers.

A guess is made only where there is one way to make it; where there are more the error says what to name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.jobs.column_names import ADDRESS, QUERY, role_of_header


class Question(StrEnum):
    """What a job asks of each row."""

    GEOCODE = "geocode"
    REVERSE_GEOCODE = "reverse_geocode"
    GET_PLACE = "get_place"


#: The fields of an address that columns can hold, finest first; `region_code` takes names of countries too.
ADDRESS_ROLES = ("address_lines", "sublocality", "locality", "administrative_area", "postal_code", "region_code")
POINT_ROLES = ("latitude", "longitude")
PLACE_ROLES = ("place_id",)
_ROLES = {
    Question.GEOCODE: (QUERY, *ADDRESS_ROLES),
    Question.REVERSE_GEOCODE: POINT_ROLES,
    Question.GET_PLACE: PLACE_ROLES,
}
#: The most names that an error lists.
_SHOWN = 30


@dataclass(frozen=True, slots=True)
class ColumnRoles:
    """Of each role the place of its column, counted from 0 among the input's columns, and its name.

    `guessed` tells that headers, not the caller, said what is what.
    """

    question: Question
    places: Mapping[str, int]
    names: Mapping[str, str]
    guessed: bool


def find_columns(columns: Sequence[str], question: Question, named: Mapping[str, str], *, header: bool) -> ColumnRoles:
    """What the `columns` of an input are to `question`.

    `named` gives for a role the name of its column; in an input without `header` also its number from 1, as text.
    An input without columns has no rows, and any answer is right. Raises InvalidArgument with a violation for each
    wrong name, its field below `input.columns`, or one that tells what to name.
    """
    if not columns:
        return ColumnRoles(question, {}, {}, guessed=not named)
    places = _named(columns, question, named, header) if named else _guessed(columns, question, header)
    names = {role: columns[at] for role, at in places.items()}
    return ColumnRoles(question, places, names, guessed=not named)


def _named(columns: Sequence[str], question: Question, named: Mapping[str, str], header: bool) -> dict[str, int]:
    violations = []
    places: dict[str, int] = {}
    for role, name in named.items():
        if role not in _ROLES[question]:
            allowed = f"for {question.value}: {', '.join(_ROLES[question])}"
            violations.append(FieldViolation(f"input.columns.{role}", name, allowed))
            continue
        found = _places_of(columns, name, header)
        if len(found) != 1:
            shown = f"{name} (there {len(found)} times)" if found else name
            allowed = f"a column that is there once: {_list(columns, header)}"
            violations.append(FieldViolation(f"input.columns.{role}", shown, allowed))
        places[role] = found[0] if found else -1
    violations += _unfit(places, question)
    if violations:
        raise InvalidArgument(violations)
    return places


def _places_of(columns: Sequence[str], name: str, header: bool) -> list[int]:
    found = [at for at, column in enumerate(columns) if column == name]
    if not found and not header and name.isascii() and name.isdecimal() and 0 < int(name) <= len(columns):
        return [int(name) - 1]
    return found


def _unfit(places: Mapping[str, object], question: Question) -> list[FieldViolation]:
    given = ", ".join(places)
    if question is not Question.GEOCODE:
        missing = [role for role in _ROLES[question] if role not in places]
        return [FieldViolation(f"input.columns.{role}", None, "the name of a column") for role in missing]
    if QUERY in places and len(places) > 1:
        return [FieldViolation("input.columns", given, "query, or fields of an address, not both")]
    return [] if places else [FieldViolation("input.columns", given, "at least one column")]


def _guessed(columns: Sequence[str], question: Question, header: bool) -> dict[str, int]:
    if len(columns) == 1 and question is not Question.REVERSE_GEOCODE:
        return {_ROLES[question][0]: 0}
    by_role: dict[str, list[int]] = {}
    for at, column in enumerate(columns if header else ()):
        role = role_of_header(column)
        if role == ADDRESS or role in _ROLES[question]:
            by_role.setdefault(role, []).append(at)
    if question is Question.GEOCODE:
        by_role = _one_reading(by_role)
    else:
        by_role.pop(ADDRESS, None)
    missing = [role for role in _ROLES[question] if role not in by_role] if question is not Question.GEOCODE else []
    shown = _list(columns, header)
    if missing or not by_role:
        wanted = " and ".join(missing) or f"query, or fields of an address ({', '.join(ADDRESS_ROLES)})"
        allowed = f"the names of the columns for {wanted}, which no header tells; there are {shown}"
        raise InvalidArgument([FieldViolation("input.columns", None, allowed)])
    doubtful = {role: at for role, at in by_role.items() if len(at) > 1}
    if doubtful:
        several = {role: _list([columns[place] for place in at], header) for role, at in doubtful.items()}
        raise InvalidArgument(
            [FieldViolation(f"input.columns.{role}", None, f"one of {names}, named") for role, names in several.items()]
        )
    return {role: at[0] for role, at in by_role.items()}


def _one_reading(by_role: dict[str, list[int]]) -> dict[str, list[int]]:
    """A whole address in one column, or fields; `address` is the street where finer fields say so."""
    addresses = by_role.pop(ADDRESS, [])
    fields = {role: by_role[role] for role in ADDRESS_ROLES if role in by_role}
    if QUERY in by_role:
        return {QUERY: by_role[QUERY]}
    if not addresses or "address_lines" in fields:
        return fields
    return {"address_lines": addresses, **fields} if fields else {QUERY: addresses}


def _list(columns: Sequence[str], header: bool) -> str:
    shown = ", ".join(repr(column) for column in columns[:_SHOWN])
    more = f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    return shown + more + ("" if header else " (or their numbers, from 1)")
