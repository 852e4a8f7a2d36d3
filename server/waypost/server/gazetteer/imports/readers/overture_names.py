"""Names of Overture: `common` by language, and `rules` with variants."""

from __future__ import annotations

import pyarrow as pa

from waypost.server.gazetteer.imports.records import NAME

_KINDS = {"common": "official", "official": "official", "alternate": "alternate", "short": "alternate"}

Name = dict[str, str]


def other_names(column: pa.Array) -> pa.Array:
    """Every name but the primary one, none twice."""
    fields = [column.type.field(number).name for number in range(column.type.num_fields)]
    if not {"common", "rules"} & set(fields):
        return pa.nulls(len(column), pa.list_(NAME))
    return pa.array([_names(value) for value in column.to_pylist()], pa.list_(NAME))


def _names(value: dict[str, object] | None) -> list[Name]:
    if not value:
        return []
    primary = value.get("primary")
    found: dict[tuple[str, str], str] = {}
    common = value.get("common") or []
    for language, text in common.items() if isinstance(common, dict) else common:  # type: ignore[attr-defined]
        if text:
            found.setdefault((text, language or ""), "official")
    rules = value.get("rules") or []
    for rule in rules:  # type: ignore[attr-defined]
        text, language = rule.get("value"), rule.get("language") or ""
        if text and (text != primary or language):
            found.setdefault((text, language), _KINDS.get(rule.get("variant") or "", "alternate"))
    return [{"text": text, "language": language, "kind": kind} for (text, language), kind in found.items()]
