"""Names of ISO 3166-2 areas in English and some other languages, from the CLDR file in this repository."""

from __future__ import annotations

from pathlib import Path

_FILE = Path(__file__).parent.parent / "data" / "subdivision_names.tsv"


def read_subdivision_names() -> dict[str, dict[str, str]]:
    """ISO code → language tag → name; made by scripts/make_subdivision_names.py."""
    names: dict[str, dict[str, str]] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines()[1:]:
        code, tag, name = line.split("\t")
        names.setdefault(code, {})[tag] = name
    return names
