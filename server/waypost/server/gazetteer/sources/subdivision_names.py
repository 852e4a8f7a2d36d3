"""Names of ISO 3166-2 areas in the languages of CLDR, from the file in this repository."""

from __future__ import annotations

import lzma
from pathlib import Path

_FILE = Path(__file__).parent.parent / "data" / "subdivision_names.tsv.xz"
#: Stands for the English name; see scripts/make_subdivision_names.py, which makes the file.
_AS_IN_ENGLISH = "="


def read_subdivision_names() -> dict[str, dict[str, str]]:
    """ISO code → language tag → name."""
    _, head, *lines = lzma.decompress(_FILE.read_bytes()).decode().splitlines()
    codes = head.split("\t")[1:]
    columns = {tag: names for tag, *names in (line.split("\t") for line in lines)}
    english = columns["en"]
    result: dict[str, dict[str, str]] = {code: {} for code in codes}
    for tag, names in columns.items():
        for code, name, usual in zip(codes, names, english, strict=True):
            if name:
                result[code][tag] = usual if name == _AS_IN_ENGLISH else name
    return result
