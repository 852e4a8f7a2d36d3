"""Answers to messages. On the hot path of every unary call and of every row of a batch.

Measured on full results: fields are set one by one on nested messages in place, since constructors and `add`
with keywords take twice as long; an enum's `_value_` is set, since its conversion takes 0.3 µs of the 1 µs that
setting a field takes. The numbers of model.py's enums are those of the API; tests/contract holds them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from waypost.server import model
from waypost.v1 import geocoding_pb2 as pb
from waypost.v1 import places_pb2

#: Components from here up are shared by many places.
_FINEST_AREA = model.PlaceType.DISTRICT.value


def credits_of(layers: Iterable[model.Layer]) -> dict[str, pb.Attribution]:
    """The credit of each layer by its key, made once a snapshot."""
    return {layer.layer: _attribution(layer.attribution) for layer in layers}


def fill_answer(response: Any, answer: model.Answer, full: bool) -> None:
    """Adds an answer to its response, a GeocodeResponse or a ReverseGeocodeResponse."""
    results = response.results
    for result in answer.results:
        _fill_result(results.add(), result, full)
    _add_notices(response.notices, answer.notices)
    if answer.explanation is not None:
        response.explanation.CopyFrom(_explanation(answer.explanation))


def notices(found: Iterable[model.Notice]) -> bytes:
    """The notices as the bytes of a response that has nothing else."""
    response = pb.GeocodeResponse()
    _add_notices(response.notices, found)
    return response.SerializeToString()


def fill_place(message: Any, place: model.Place, full: bool) -> None:
    """Puts a place into its message, a places_pb2.Place; BASIC is id, type, names and location."""
    message.name = "places/" + place.place_id
    message.place_id = place.place_id
    message.place_type = place.place_type._value_
    message.category = place.category
    message.display_name = place.display_name
    point = message.location
    point.latitude = place.latitude
    point.longitude = place.longitude
    if not full:
        return
    message.formatted_address = place.formatted_address
    message.plus_code = place.plus_code
    message.time_zone = place.time_zone
    message.population = place.population
    source = message.source
    source.layer = place.layer
    source.source_id = place.source_id
    box = place.viewport
    if box is not None:
        viewport = message.viewport
        point = viewport.low
        point.latitude = box.south
        point.longitude = box.west
        point = viewport.high
        point.latitude = box.north
        point.longitude = box.east
    add_component = message.address_components.add
    for part in place.address_components:
        kind = part.place_type._value_
        component = add_component()
        if kind <= _FINEST_AREA:
            component.CopyFrom(_area(part.long_text, part.short_text, kind, part.place_id))
        else:
            component.long_text = part.long_text
            component.short_text = part.short_text
            component.types.append(kind)
            component.place_id = part.place_id
    if place.postal_address is not None:
        _fill_postal_address(message.postal_address, place.postal_address)


def snapshot(info: model.SnapshotInfo) -> pb.Snapshot:
    """What is known of a snapshot."""
    created = Timestamp()
    created.FromMilliseconds(round(info.create_time_s * 1000))
    return pb.Snapshot(
        name=f"snapshots/{info.snapshot_id}",
        create_time=created,
        present=info.present,
        layers=[
            pb.Layer(
                layer=layer.layer,
                title=layer.title,
                source=layer.source,
                source_version=layer.source_version,
                record_count=layer.record_count,
                attribution=_attribution(layer.attribution),
            )
            for layer in info.layers
        ],
        size_bytes=info.size_bytes,
    )


def _fill_result(message: Any, result: model.Result, full: bool) -> None:
    fill_place(message.place, result.place, full)
    message.confidence = result.confidence
    message.precision = result.precision._value_
    if result.distance_m is not None:
        message.distance_m = result.distance_m
    if not full:
        return
    message.accuracy_m = result.accuracy_m
    message.location_source = result.location_source._value_
    if result.location_from:
        message.location_from = result.location_from
    _add_match(message.match, result.match)


def _add_notices(messages: Any, found: Iterable[model.Notice]) -> None:
    for notice in found:
        messages.add(code=notice.code, detail=notice.detail, field_paths=notice.field_paths)


def _add_match(messages: Any, parts: Sequence[model.MatchPart]) -> None:
    add = messages.add
    for part in parts:
        message = add()
        message.text = part.text
        message.field = part.field
        message.start = part.start
        message.end = part.end
        message.outcome = part.outcome._value_
        if part.place_type is not None:
            message.place_type = part.place_type._value_
        message.matched_text = part.matched_text
        message.place_id = part.place_id


@lru_cache(maxsize=16_384)
def _area(long_text: str, short_text: str, kind: Any, place_id: str) -> places_pb2.AddressComponent:
    """The component of a country, region or district: a few thousand of them stand in most addresses."""
    return places_pb2.AddressComponent(long_text=long_text, short_text=short_text, types=(kind,), place_id=place_id)


def _fill_postal_address(message: Any, address: model.PostalAddress) -> None:
    message.region_code = address.region_code
    message.language_code = address.language_code
    message.postal_code = address.postal_code
    message.administrative_area = address.administrative_area
    message.locality = address.locality
    message.sublocality = address.sublocality
    if address.address_lines:
        message.address_lines.extend(address.address_lines)


def _explanation(explanation: model.Explanation) -> pb.Explanation:
    message = pb.Explanation(
        tokens=explanation.tokens,
        candidates_scored=explanation.candidates_scored,
        corrections=explanation.corrections,
    )
    for parse in explanation.parses:
        added = message.parses.add(
            place_id=parse.place_id,
            formatted_address=parse.formatted_address,
            score=parse.score,
            terms=[pb.ScoreTerm(name=name, value=value) for name, value in parse.terms],
            confidence=parse.confidence,
        )
        _add_match(added.match, parse.match)
    return message


def _attribution(attribution: model.Attribution) -> pb.Attribution:
    return pb.Attribution(
        layer=attribution.layer,
        text=attribution.text,
        uri=attribution.uri,
        license=attribution.license,
        share_alike=attribution.share_alike,
    )
