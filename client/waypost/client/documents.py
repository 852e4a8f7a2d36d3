"""What --json prints: messages by protobuf's JSON rules with the protos' names, and failures."""

from __future__ import annotations

import json
import sys
from typing import TypeAlias

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from waypost.client.errors import LookupFailed

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Document: TypeAlias = dict[str, Json]


def document_of(message: Message) -> Document:
    """Return a message as JSON values: names as in the protos, fields without presence even where they are 0.

    As everywhere in protobuf's JSON, 64-bit integers are strings and enums are their names.
    """
    return MessageToDict(message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)


def failure_document(failure: LookupFailed) -> Document:
    """Return a failure as JSON values; `retry_after_s` only where the server gave one."""
    document: Document = {
        "code": failure.code.name,
        "message": failure.message,
        "reason": failure.reason,
        "facts": dict(failure.facts),
        "field_violations": [
            {"field": v.field, "description": v.description, "reason": v.reason} for v in failure.violations
        ],
    }
    if failure.retry_after_s is not None:
        document["retry_after_s"] = failure.retry_after_s
    return document


def print_document(document: Document, *, indent: int | None = 2) -> None:
    """Print one document; `indent` None puts it on one line. Other encodings than UTF-8 get escapes."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(document, indent=indent, ensure_ascii=plain))  # noqa: T201
