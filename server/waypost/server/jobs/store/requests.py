"""What was asked before, so that asking twice is asking once: see request_id in jobs.proto.

An entry is written in the transaction of its effect, before the effect. Of two requests at once the later one waits
at that write, for as long as the other one's transaction lasts, and then finds it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.jobs.model import RequestKey
from waypost.server.jobs.store import schema
from waypost.server.jobs.store.core import Writing

#: The least time that a request is remembered; with it goes whatever is older and has no job any more.
REMEMBERED_S: Final = 86_400.0


def remembered(transaction: Writing, key: RequestKey | None, resource_id: str) -> str | None:
    """The resource of an earlier request with this key; None, and the key is remembered, where there was none.

    Raises InvalidArgument with reason REQUEST_ID_REUSED where the earlier one had other content.
    """
    if key is None:
        return None
    values = {
        "method": key.method,
        "request_id": key.request_id,
        "digest": key.digest,
        "resource_id": resource_id,
        "expire_time_s": transaction.now_s + REMEMBERED_S,
    }
    if transaction.database.insert_unless_there(transaction.connection, schema.requests, values):
        return None
    return known_resource(transaction.connection, key)


def known_resource(connection: Connection, key: RequestKey) -> str | None:
    """The resource of an earlier request with this key, None where there was none.

    Raises InvalidArgument with reason REQUEST_ID_REUSED where the earlier one had other content.
    """
    columns = schema.requests.c
    row = connection.execute(
        select(columns.digest, columns.resource_id).where(
            columns.method == key.method, columns.request_id == key.request_id
        )
    ).one_or_none()
    if row is None:
        return None
    if row.digest != key.digest:
        allowed = "a UUID4 that no request with other content has used"
        raise InvalidArgument([FieldViolation("request_id", key.request_id, allowed, "REQUEST_ID_REUSED")])
    return str(row.resource_id)
