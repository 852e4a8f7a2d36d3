"""Many lookups in one message: each answered in its place, in slices that leave the loop to others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from google.rpc.status_pb2 import Status

from waypost.server.errors import FieldViolation, InvalidArgument, ResponseTooLarge, WaypostError
from waypost.server.transport.call import Call
from waypost.server.transport.editions import Editions
from waypost.server.transport.status import to_status
from waypost.server.transport.wire import requests
from waypost.server.transport.wire.fields import DEFAULT_RESULTS, MAX_MESSAGE_BYTES, MAX_RESULTS
from waypost.v1 import geocoding_pb2 as pb

MAX_LOOKUPS = 1_000
MAX_TOTAL_RESULTS = 5_000
MAX_LOOKUP_ID_CHARS = 128

#: Longest time on the loop before others get their turn. A unary call needs about five turns, so that its
#: answer is delayed by five of these while a batch is worked on.
SLICE_S = 0.001

#: What a RESPONSE_TOO_LARGE outcome takes at most, beside the lookup_id.
_REFUSAL_BYTES = 512

Response = pb.BatchLookupResponse | pb.StreamLookupsResponse
Lookup = pb.Lookup | pb.StreamLookup


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


async def answer_lookups(
    lookups: Sequence[Lookup], new_response: Callable[[], Response], editions: Editions, call: Call
) -> bytes:
    """A serialised response with one outcome per lookup, in order, of at most 3.5 MiB.

    Each outcome is serialised as a response of its own: messages that are joined byte by byte parse as one
    with all their outcomes. So sizes are exact, and no step works on the whole response.
    """
    parts: list[bytes] = []
    size = 0
    slice_end_s = time.perf_counter() + SLICE_S
    too_large: Status | None = None
    for at, lookup in enumerate(lookups):
        if time.perf_counter() > slice_end_s:
            await asyncio.sleep(0)
            call.ensure_time()
            slice_end_s = time.perf_counter() + SLICE_S
        if too_large is None:
            part = await _answer(lookup, new_response(), editions)
            left = len(lookups) - at - 1
            reserved = left * (_REFUSAL_BYTES + (4 * MAX_LOOKUP_ID_CHARS if isinstance(lookup, pb.StreamLookup) else 0))
            if size + len(part) + reserved > MAX_MESSAGE_BYTES:
                too_large = _too_large(at)
        if too_large is not None:
            part = _refused(lookup, new_response(), too_large)
        parts.append(part)
        size += len(part)
    call.rows += len(parts)
    return b"".join(parts)


async def _answer(lookup: Lookup, response: Response, editions: Editions) -> bytes:
    outcome: Any = response.outcomes.add()
    if isinstance(lookup, pb.StreamLookup):
        outcome.lookup_id = lookup.lookup_id
    try:
        await _fill(lookup, outcome, editions)
    except WaypostError as error:
        outcome.error.CopyFrom(to_status(error))
    return response.SerializeToString()


async def _fill(lookup: Lookup, outcome: Any, editions: Editions) -> None:
    match lookup.WhichOneof("lookup"):
        case "geocode":
            query, snapshot_id = requests.geocode_query(lookup.geocode, unary=False)
            (await editions.get(snapshot_id)).geocode(query, outcome.geocode)
        case "reverse_geocode":
            point, snapshot_id = requests.reverse_query(lookup.reverse_geocode)
            (await editions.get(snapshot_id)).reverse(point, outcome.reverse_geocode)
        case "get_place":
            place, snapshot_id = requests.place_query(lookup.get_place)
            (await editions.get(snapshot_id)).place(place, outcome.place)
        case _:
            allowed = "one of geocode, reverse_geocode and get_place"
            raise InvalidArgument([FieldViolation("lookup", None, allowed)])


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


def _refused(lookup: Lookup, response: Response, status: Status) -> bytes:
    outcome: Any = response.outcomes.add(error=status)
    if isinstance(lookup, pb.StreamLookup):
        outcome.lookup_id = lookup.lookup_id
    return response.SerializeToString()
