"""What is known of a layer without reading its arrays: its manifest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import orjson

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.records import BadRecord, Credit

MANIFEST = "layer.json"
#: Raised whenever a reader of the older form could not understand the newer one.
FORMAT_VERSION = 1
#: Names stand in place ids and are folders; those of the world's own layers are taken.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerInfo:
    """A layer: what it holds and where it comes from.

    `digest` is a hash of its arrays and of everything told here but `bad_samples`. `features` counts by place type in
    lower case; `files` has the hash of each array. `bad_records` were left out by the reader; `unread_numbers` are
    addresses whose number could not be read, `repeated_addresses` those that were told more than once. `bounds` is
    south, west, north, east in degrees. `size_bytes` is what the arrays take on disk, `source_id_bytes` the part of it
    that the source's own ids take.
    """

    name: str
    digest: str
    credit: Credit
    source: str
    source_version: str
    features: Mapping[str, int]
    addresses: int
    ranges: int
    postal_codes: int
    unread_numbers: int
    repeated_addresses: int
    bounds: tuple[float, float, float, float]
    size_bytes: int
    source_id_bytes: int
    files: Mapping[str, str]
    bad_records: int = 0
    bad_samples: tuple[BadRecord, ...] = ()


def check_name(name: str) -> None:
    """Raises ImportFailed if a layer cannot have that name."""
    if not _NAME.fullmatch(name):
        raise ImportFailed(
            f"a layer cannot be called {name!r}; allowed: a small letter, then up to 31 small letters, digits and _",
            name=name,
        )


def to_json(info: LayerInfo) -> bytes:
    """The manifest."""
    return orjson.dumps({"format": FORMAT_VERSION, **asdict(info)}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def from_json(data: bytes, where: str) -> LayerInfo:
    """The layer of a manifest. Raises ImportFailed if it is none, or of another format."""
    try:
        fields = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise _unreadable(where, str(error)) from error
    version = fields.pop("format", None) if isinstance(fields, dict) else None
    if version != FORMAT_VERSION:
        raise ImportFailed(
            f"{where} has format {version}; this program reads {FORMAT_VERSION}: add the file again", path=where
        )
    try:
        fields["credit"] = Credit(**fields["credit"])
        fields["bounds"] = tuple(fields["bounds"])
        fields["bad_samples"] = tuple(BadRecord(**sample) for sample in fields["bad_samples"])
        return LayerInfo(**fields)
    except (KeyError, TypeError) as error:  # fields are missing, or others are there
        raise _unreadable(where, f"{type(error).__name__} {error}") from error


def _unreadable(where: str, why: str) -> ImportFailed:
    return ImportFailed(f"{where} holds no layer, add its file again or remove it: {why}", path=where)
