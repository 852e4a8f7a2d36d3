"""Small extracts of OpenStreetMap, written with osmium: objects by their tags, sorted as the format wants them."""

from __future__ import annotations

from pathlib import Path

import osmium
from osmium.osm.mutable import Node, Relation, Way

Tags = dict[str, str]


class SmallExtract:
    """Collects objects; ids are given in order, apart for nodes, ways and relations."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._ways: list[Way] = []
        self._relations: list[Relation] = []

    def node(self, latitude: float, longitude: float, **tags: str) -> int:
        number = len(self._nodes) + 1
        self._nodes.append(Node(id=number, version=1, location=(longitude, latitude), tags=_keys(tags)))
        return number

    def way(self, nodes: list[int], **tags: str) -> int:
        number = len(self._ways) + 1
        self._ways.append(Way(id=number, version=1, nodes=nodes, tags=_keys(tags)))
        return number

    def line(self, *points: tuple[float, float], **tags: str) -> int:
        return self.way([self.node(*point) for point in points], **tags)

    def square(self, south: float, west: float, side: float, **tags: str) -> int:
        corners = [(south, west), (south, west + side), (south + side, west + side), (south + side, west)]
        nodes = [self.node(*corner) for corner in corners]
        return self.way([*nodes, nodes[0]], **tags)

    def relation(self, members: list[tuple[str, int, str]], **tags: str) -> int:
        number = len(self._relations) + 1
        self._relations.append(Relation(id=number, version=1, members=members, tags=_keys(tags)))
        return number

    def write(self, path: Path) -> Path:
        with osmium.SimpleWriter(str(path)) as writer:
            for node in self._nodes:
                writer.add_node(node)
            for way in self._ways:
                writer.add_way(way)
            for relation in self._relations:
                writer.add_relation(relation)
        return path


def _keys(tags: Tags) -> Tags:
    """`addr_street` stands for `addr:street`, `name__de` for `name:de`."""
    names = ((key.replace("__", ":"), value) for key, value in tags.items())
    return {("addr:" + key[5:] if key.startswith("addr_") else key): value for key, value in names}
