"""Many lookups in one message: each answered in its place, in slices that leave the loop to others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from google.rpc.status_pb2 import Status

from waypost.server.errors import FieldViolation, InvalidArgument, ResponseTooLarge, WaypostError
from waypost.server.model import GeocodeQuery, PlaceQuery, ReverseQuery
from waypost.server.transport.call import Call
from waypost.server.transport.editions import Editions, Encoded
from waypost.server.transport.status import to_status
from waypost.server.transport.wire import requests
from waypost.server.transport.wire.fields import DEFAULT_RESULTS, MAX_MESSAGE_BYTES, MAX_RESULTS
from waypost.server.transport.wire.framing import field_header
from waypost.v1 import geocoding_pb2 as pb

MAX_LOOKUPS = 1_000
MAX_TOTAL_RESULTS = 5_000
MAX_LOOKUP_ID_CHARS = 128

#: Longest time on the loop before others get their turn. A unary call needs about five turns, so that its
#: answer is delayed by five of these while a batch is worked on.
SLICE_S = 0.001

#: What a RESPONSE_TOO_LARGE outcome takes at most, beside the lookup_id.
_REFUSAL_BYTES = 512

_OUTCOMES = pb.BatchLookupResponse.OUTCOMES_FIELD_NUMBER
_LOOKUP_ID = pb.StreamOutcome.LOOKUP_ID_FIELD_NUMBER
_OUTCOME_FIELDS, _STREAM_OUTCOME_FIELDS = (
    {field.name: field.number for field in message.DESCRIPTOR.fields}
    for message in (pb.LookupOutcome, pb.StreamOutcome)
)

#: What is searched and encoded together, by one call of each kernel: at most half a slice.
GROUP_LOOKUPS = 16
GROUP_RESULTS = 40

#: The fields of a GeocodeQuery behind its text and address.
_OPTIONS = slice(2, None)

Lookup = pb.Lookup | pb.StreamLookup
Query = GeocodeQuery | ReverseQuery | PlaceQuery


class _Question(NamedTuple):
    """A lookup that was read: its query or what is wrong with it, and the snapshot to ask."""

    kind: str
    query: Query | WaypostError
    snapshot_id: str = ""


def check_lookups(lookups: Sequence[Lookup]) -> None:
    """Refuses a message as a whole: too many lookups, or too many results wanted. Raises InvalidArgument."""
    violations = []
    if not 1 <= len(lookups) <= MAX_LOOKUPS:
        violations.append(FieldViolation("lookups", len(lookups), f"1 to {MAX_LOOKUPS} lookups"))
    else:
        wanted = sum(map(_wanted, lookups))
        if wanted > MAX_TOTAL_RESULTS:
            allowed = f"at most {MAX_TOTAL_RESULTS} as the sum of max_results, where 0 counts as {DEFAULT_RESULTS}"
            violations.append(FieldViolation("lookups", wanted, allowed, "TOO_MANY_RESULTS"))
    for at, lookup in enumerate(lookups):
        if isinstance(lookup, pb.StreamLookup) and len(lookup.lookup_id) > MAX_LOOKUP_ID_CHARS:
            allowed = f"at most {MAX_LOOKUP_ID_CHARS} code points"
            violations.append(FieldViolation(f"lookups[{at}].lookup_id", lookup.lookup_id, allowed))
    if violations:
        raise InvalidArgument(violations)


async def answer_lookups(lookups: Sequence[Lookup], editions: Editions, call: Call) -> bytes:
    """A serialised response with one outcome per lookup, in order, of at most 3.5 MiB.

    Outcomes are encoded one by one and joined, so sizes are exact and no step works on the whole response. Forward
    lookups that stand together and differ in their text only are searched together.
    """
    outcomes = _Outcomes(lookups)
    slices = _Slices(call)
    for group in _groups(lookups):
        await slices.next()
        for kind, data in await _answer(group, editions):
            if not outcomes.add(kind, data):
                break
        if outcomes.is_full:
            break
    if outcomes.is_full:
        answered = len(outcomes.parts)
        refusal = _too_large(answered).SerializeToString()
        for _ in range(answered, len(lookups)):
            await slices.next()
            outcomes.refuse(refusal)
    call.rows += len(lookups)
    return b"".join(outcomes.parts)


class _Outcomes:
    """The outcomes of a message so far, each as the bytes of a response that has nothing else."""

    def __init__(self, lookups: Sequence[Lookup]) -> None:
        self.parts: list[bytes] = []
        self.is_full = False
        # The lookups of a message are of one kind.
        self._ids: list[bytes] | None = None
        self._fields = _OUTCOME_FIELDS
        reserved = _REFUSAL_BYTES
        if isinstance(lookups[0], pb.StreamLookup):
            self._ids = [lookup.lookup_id.encode() for lookup in lookups]  # type: ignore[union-attr]
            self._fields = _STREAM_OUTCOME_FIELDS
            reserved += 4 * MAX_LOOKUP_ID_CHARS
        self._reserved = reserved
        # What is left when each of the others is refused.
        self._room = MAX_MESSAGE_BYTES - (len(lookups) - 1) * reserved

    def add(self, kind: str, data: bytes) -> bool:
        """Adds an outcome that has `data` as that field; False where it does not fit, nor anything after it."""
        part = self._part(kind, data)
        if len(part) > self._room:
            self.is_full = True
            return False
        self.parts.append(part)
        self._room += self._reserved - len(part)
        return True

    def refuse(self, status: bytes) -> None:
        """Adds an error for which room was kept."""
        self.parts.append(self._part("error", status))

    def _part(self, kind: str, data: bytes) -> bytes:
        header = field_header(self._fields[kind], len(data))
        if self._ids is not None and (lookup_id := self._ids[len(self.parts)]):
            header = field_header(_LOOKUP_ID, len(lookup_id)) + lookup_id + header
        return b"".join((field_header(_OUTCOMES, len(header) + len(data)), header, data))


class _Slices:
    """Gives the loop to others whenever a slice is over."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._end_s = time.perf_counter() + SLICE_S

    async def next(self) -> None:
        """To be awaited before each step. Raises DeadlineExceeded."""
        if time.perf_counter() > self._end_s:
            await asyncio.sleep(0)
            self._call.ensure_time()
            self._end_s = time.perf_counter() + SLICE_S


def _groups(lookups: Sequence[Lookup]) -> Iterator[list[_Question]]:
    """The lookups as questions in order; what is together is answered together."""
    group: list[_Question] = []
    results = 0
    for lookup in lookups:
        question = _read(lookup)
        wanted = question.query.max_results if isinstance(question.query, GeocodeQuery) else GROUP_RESULTS
        full = len(group) >= GROUP_LOOKUPS or results + wanted > GROUP_RESULTS
        if group and (full or not _are_alike(group[0], question)):
            yield group
            group, results = [], 0
        group.append(question)
        results += wanted
    yield group


def _are_alike(one: _Question, other: _Question) -> bool:
    """Whether both are forward questions that differ in nothing but their texts or addresses."""
    left, right = one.query, other.query
    return (
        isinstance(left, GeocodeQuery)
        and isinstance(right, GeocodeQuery)
        and (left.address is None) == (right.address is None)
        and one.snapshot_id == other.snapshot_id
        and left[_OPTIONS] == right[_OPTIONS]
    )


def _read(lookup: Lookup) -> _Question:
    kind = lookup.WhichOneof("lookup")
    try:
        match kind:
            case "geocode":
                return _Question("geocode", *requests.geocode_query(lookup.geocode, unary=False))
            case "reverse_geocode":
                return _Question("reverse_geocode", *requests.reverse_query(lookup.reverse_geocode))
            case "get_place":
                return _Question("place", *requests.place_query(lookup.get_place))
            case _:
                allowed = "one of geocode, reverse_geocode and get_place"
                raise InvalidArgument([FieldViolation("lookup", None, allowed)])
    except InvalidArgument as error:
        return _Question("error", error)


async def _answer(group: Sequence[_Question], editions: Editions) -> list[tuple[str, bytes]]:
    """For each question the field of its outcome that is set, and the encoded message in it."""
    kind, query, snapshot_id = group[0]
    try:
        if isinstance(query, WaypostError):
            raise query
        edition = await editions.get(snapshot_id)
        if isinstance(query, ReverseQuery):
            return [(kind, edition.reverse(query).data)]
        if isinstance(query, PlaceQuery):
            return [(kind, edition.place(query).data)]
        responses = edition.geocode([question.query for question in group])  # type: ignore[misc]
    except WaypostError as error:
        return [_error(error)] * len(group)
    return [(kind, response.data) if isinstance(response, Encoded) else _error(response) for response in responses]


def _error(error: WaypostError) -> tuple[str, bytes]:
    return "error", to_status(error).SerializeToString()


def _wanted(lookup: Lookup) -> int:
    match lookup.WhichOneof("lookup"):
        case "geocode":
            wanted = lookup.geocode.max_results
        case "reverse_geocode":
            wanted = lookup.reverse_geocode.max_results
        case _:
            return 1
    # What is out of range is refused in its place and adds nothing here.
    return wanted or DEFAULT_RESULTS if 0 <= wanted <= MAX_RESULTS else 0


def _too_large(answered: int) -> Status:
    return to_status(
        ResponseTooLarge(
            f"the answers to the first {answered} lookups fill the response of at most {MAX_MESSAGE_BYTES} "
            "bytes; ask the rest again, with fewer results each or in view BASIC",
            answered=str(answered),
        )
    )
