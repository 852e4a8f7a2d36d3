"""The first pass over an OpenStreetMap file: what belongs together although it lies far apart in the file.

Nodes come before ways, and ways before relations, but a house's street can be told by a relation, and the ends of a
number range are nodes that a way names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import osmium
from osmium.filter import IdFilter, KeyFilter
from osmium.io import Reader
from osmium.osm import RELATION, WAY, Relation, Way

#: Members of a relation `type=associatedStreet` (or `street`) that are its houses, and its ways.
_HOUSE_ROLES = frozenset({"house", "address", "addr:houselink", ""})
_STREET_ROLES = frozenset({"street"})


#: Keys by which a single closed way is the outline of more than a building.
_BOUNDING = ("boundary", "place")


@dataclass(slots=True)
class Links:
    """What other objects tell of an object; ids are "n1", "w2", "r3"."""

    street_of: dict[str, str] = field(default_factory=dict)
    #: Boundaries to their settlement: the node, and whether it is the label or only the administrative centre.
    settlement_of: dict[int, tuple[int, bool]] = field(default_factory=dict)
    #: Ways of `addr:interpolation` to their nodes in order.
    interpolations: dict[int, tuple[int, ...]] = field(default_factory=dict)
    interpolated_nodes: set[int] = field(default_factory=set)
    settlement_nodes: set[int] = field(default_factory=set)
    #: Areas worth putting together, by osmium's ids: twice the way's, and for relations one more.
    areas: set[int] = field(default_factory=set)


def read_links(path: Path, area_keys: Sequence[str]) -> Links:
    """Reads relations and ways of a file for their links; RuntimeError of osmium where it is broken.

    Relations are worth an area if they have one of `area_keys`, single ways if they bound a settlement or more.
    """
    links = Links()
    unnamed: dict[int, list[str]] = {}
    # osmium keeps no filter alive by itself.
    typed, telling = KeyFilter("type"), KeyFilter("addr:interpolation", *_BOUNDING)
    with Reader(str(path), RELATION) as reader:
        for relation in osmium.OsmFileIterator(reader, typed):
            assert isinstance(relation, Relation)  # noqa: S101 - only relations are read
            _read_relation(relation, links, unnamed)
            if any(key in relation.tags for key in area_keys):
                links.areas.add(2 * relation.id + 1)
    with Reader(str(path), WAY) as reader:
        for way in osmium.OsmFileIterator(reader, telling):
            assert isinstance(way, Way)  # noqa: S101 - only ways are read
            if "addr:interpolation" not in way.tags:
                links.areas.add(2 * way.id)
                continue
            nodes = tuple(node.ref for node in way.nodes)
            links.interpolations[way.id] = nodes
            links.interpolated_nodes.update(nodes)
            street = way.tags.get("addr:street")
            if street:
                for node in nodes:
                    links.street_of.setdefault(f"n{node}", street)
    if unnamed:
        streets = IdFilter(unnamed)
        with Reader(str(path), WAY) as reader:
            for way in osmium.OsmFileIterator(reader, streets):
                name = way.tags.get("name") or ""
                for house in unnamed[way.id] if name else ():
                    links.street_of.setdefault(house, name)
    return links


def _read_relation(relation: Relation, links: Links, unnamed: dict[int, list[str]]) -> None:
    kind = relation.tags.get("type")
    if kind in ("associatedStreet", "street"):
        houses = [
            f"{member.type}{member.ref}"
            for member in relation.members
            if member.role in _HOUSE_ROLES and not (member.type == "w" and member.role == "" and kind == "street")
        ]
        name = relation.tags.get("addr:street") or relation.tags.get("name", "")
        if name:
            links.street_of.update(dict.fromkeys(houses, name))
            return
        for member in relation.members:
            if member.type == "w" and member.role in _STREET_ROLES:
                unnamed.setdefault(member.ref, []).extend(houses)
    elif kind in ("boundary", "multipolygon"):
        for member in relation.members:
            if member.type == "n" and member.role in ("label", "admin_centre"):
                is_label = member.role == "label"
                if is_label or relation.id not in links.settlement_of:
                    links.settlement_of[relation.id] = (member.ref, is_label)
                links.settlement_nodes.add(member.ref)
