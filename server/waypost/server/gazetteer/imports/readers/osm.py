"""OpenStreetMap extracts (.osm.pbf, also .osm, .osm.gz, .osm.bz2): the second pass, objects to records.

A building can be an address and a point of interest at once, and gives both. What has an extent gets one point,
the centre of its area. Ids are OpenStreetMap's: "node/1", "way/2", "relation/3".
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

import osmium
from osmium.filter import IdFilter, KeyFilter
from osmium.io import Reader
from osmium.osm import AREA, NODE, NOTHING, WAY, Area, Node, Way

from waypost.server.errors import ImportFailed
from waypost.server.gazetteer.imports.readers import osm_tags
from waypost.server.gazetteer.imports.readers.collected import Collected
from waypost.server.gazetteer.imports.readers.osm_geometry import Extent, extent_of, line_of, outline_of, polygon_of
from waypost.server.gazetteer.imports.readers.osm_links import Links, read_links
from waypost.server.gazetteer.imports.readers.osm_ranges import BadRange, NumberRange, ranges_of
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Wishes
from waypost.server.gazetteer.imports.records import Batch, Progress
from waypost.server.model import PlaceType

#: An object without any of these is nothing to us; osmium drops it before Python sees it.
_KEYS = ("addr:housenumber", "addr:conscriptionnumber", "addr:block_number", "addr:interpolation", "name", "boundary",
         "brand", "addr:housename")  # fmt: skip
#: Areas that are put together from several ways: what has a boundary, an address, or a name to be found by.
_AREA_KEYS = ("boundary", "place", "addr:housenumber", *osm_tags.CATEGORY_KEYS)

#: Files above this keep the places of nodes in a temporary file: 16 bytes each, of about 100,000 nodes a megabyte.
_NODES_IN_MEMORY_BYTES = 400_000_000
#: Objects between two looks at how far the file is read.
_PROGRESS_EVERY = 5_000
#: The first pass takes about a tenth of the time of the second.
_FIRST_PASS_SHARE = 0.1
_NAN = float("nan")


def read_osm(paths: Sequence[Path], wishes: Wishes, bad: BadRecords, on_progress: Progress) -> Iterator[Batch]:
    """The records of extracts, one after another. Raises ImportFailed for a file that is broken or none."""
    sizes = [path.stat().st_size for path in paths]
    done = 0
    for path, size in zip(paths, sizes, strict=True):

        def tell(share: float, done: int = done, size: int = size) -> None:
            on_progress((done + size * share) / max(1, sum(sizes)))

        try:
            yield from _Extract(path, wishes, bad).batches(tell)
        except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:  # ValueError: an id that is none
            raise ImportFailed(
                f"{path} is no OpenStreetMap file that can be read to its end: {error}", path=str(path)
            ) from error
        done += size


def extract_times(paths: Sequence[Path]) -> list[str]:
    """When each extract was taken, as its header tells; empty where it does not. Raises ImportFailed for none."""
    times = []
    for path in paths:
        try:
            with Reader(str(path), NOTHING) as reader:
                times.append(reader.header().get("osmosis_replication_timestamp") or reader.header().get("timestamp"))
        except RuntimeError as error:
            raise ImportFailed(f"{path} is no OpenStreetMap file: {error}", path=str(path)) from error
    return times


class _Extract:
    """One file on its way to records."""

    def __init__(self, path: Path, wishes: Wishes, bad: BadRecords) -> None:
        self._path = path
        self._country = wishes.country
        self._bad = bad
        self._out = Collected()
        self._links = Links()
        self._known: dict[int, osm_tags.AddressTags] = {}
        self._settlements: dict[int, tuple[str, str]] = {}

    def batches(self, on_progress: Progress) -> Iterator[Batch]:
        self._links = read_links(self._path, _AREA_KEYS)
        on_progress(_FIRST_PASS_SHARE)
        size = self._path.stat().st_size
        with tempfile.TemporaryDirectory(prefix="waypost-nodes-") as folder:
            for number, found in zip(count(1), self._objects(Path(folder), size), strict=False):
                if isinstance(found, Node):
                    self._node(found)
                elif isinstance(found, Way):
                    self._way(found)
                elif isinstance(found, Area) and not found.from_way():
                    self._area(found)
                elif isinstance(found, Area):
                    self._area_of_way(found)
                if number % _PROGRESS_EVERY == 0:
                    yield from self._out.full()
                    share = _bytes_read(self._path) / max(1, size)
                    on_progress(_FIRST_PASS_SHARE + (1 - _FIRST_PASS_SHARE) * min(1.0, share))
        yield from self._out.rest()
        on_progress(1.0)

    def _objects(self, folder: Path, size: int) -> Iterator[object]:
        storage = "flex_mem" if size <= _NODES_IN_MEMORY_BYTES else f"sparse_file_array,{folder / 'nodes'}"
        processor = osmium.FileProcessor(str(self._path)).with_locations(storage)
        wanted = KeyFilter(*_KEYS)
        no_relation = osmium.filter.EntityFilter(NODE | WAY | AREA)
        # osmium makes an area of every closed way: buildings, which are dealt with as ways.
        spread = IdFilter(self._links.areas)
        spread.enable_for(AREA)
        processor = processor.with_areas(KeyFilter(*_AREA_KEYS), KeyFilter(*_KEYS))
        processor = processor.with_filter(no_relation).with_filter(spread).with_filter(wanted)
        return iter(processor)

    def _node(self, node: Node) -> None:
        if not node.location.valid():
            self._bad.add(f"node {node.id}", "a node without a place on Earth")
            return
        tags = dict(node.tags)
        source = f"node/{node.id}"
        latitude, longitude = node.location.lat, node.location.lon
        address = self._address(tags, f"n{node.id}")
        if node.id in self._links.interpolated_nodes:
            self._known[node.id] = address
        if node.id in self._links.settlement_nodes:
            self._settlements[node.id] = (tags.get("name", ""), tags.get("place", ""))
        point = Extent(latitude, longitude, _NAN, _NAN, _NAN, _NAN)
        self._found(tags, address, point, source)
        kind = osm_tags.place_kind(tags)
        if kind is not None and tags.get("name"):
            self._place(kind, tags["place"], tags, address, point, source)

    def _way(self, way: Way) -> None:
        tags = dict(way.tags)
        line = line_of(way)
        source = f"way/{way.id}"
        if not line:
            self._bad.add(f"way {way.id}", "none of its nodes are in the file")
            return
        if "addr:interpolation" in tags:
            self._range(way.id, tags, line, source)
            return
        name = tags.get("name", "")
        category = osm_tags.street_category(tags) if name else ""
        if category:
            self._street(name, category, tags, line, source)
        address = self._address(tags, f"w{way.id}")
        if address.number or not category:
            self._found(tags, address, extent_of(line), source)

    def _area(self, area: Area) -> None:
        tags = dict(area.tags)
        outline = outline_of(area)
        if not outline:
            return
        relation = area.orig_id()
        source = f"relation/{relation}"
        name = tags.get("name", "")
        category = osm_tags.street_category(tags) if name else ""
        if category:
            self._street(name, category, tags, outline, source)
        address = self._address(tags, f"r{relation}")
        extent = extent_of(outline)
        if "boundary" not in tags:
            self._found(tags, address, extent, source)
        node, linked = self._settlement(relation, name)
        self._spread(area, tags, address, extent, source, f"node/{node}" if node else "", linked)

    def _area_of_way(self, area: Area) -> None:
        tags = dict(area.tags)
        if "boundary" not in tags and osm_tags.place_kind(tags) is None:
            return
        source = f"way/{area.orig_id()}"
        outline = outline_of(area)
        if outline:
            self._spread(area, tags, self._address(tags, ""), extent_of(outline), source, "", "")

    def _settlement(self, relation: int, name: str) -> tuple[int, str]:
        """The node that stands for a boundary's settlement and its `place`; 0 where there is none.

        A label always does; an administrative centre only where it has the boundary's name: that of a county is a town.
        """
        node, is_label = self._links.settlement_of.get(relation, (0, False))
        known_name, place = self._settlements.get(node, ("", ""))
        if not known_name or osm_tags.kind_of_settlement(place) is None:
            return 0, ""
        return (node, place) if is_label or known_name == name else (0, "")

    def _address(self, tags: dict[str, str], key: str) -> osm_tags.AddressTags:
        address = osm_tags.in_blocks(osm_tags.address_of(tags), tags)
        if not address.street and key in self._links.street_of:
            address = address._replace(street=self._links.street_of[key])
        return address if address.country else address._replace(country=self._country)

    def _found(self, tags: dict[str, str], address: osm_tags.AddressTags, at: Extent, source: str) -> None:
        """An address, a point of interest, or both."""
        if address.number:
            located = osm_tags.by_place(address, tags)
            if located.street or located.place:
                self._out.add("address", (*located, at.latitude, at.longitude, source))
            elif source.startswith("node/") and int(source[5:]) in self._links.interpolated_nodes:
                pass  # its range may tell the street
            else:
                self._bad.add(source.replace("/", " "), "an address without street or place")
        elif housename := tags.get("addr:housename", ""):
            # A house that has a name and no number goes by it.
            located = osm_tags.by_place(address._replace(number=housename), tags)
            if located.street or located.place:
                self._out.add("address", (*located, at.latitude, at.longitude, source))
        category = osm_tags.poi_category(tags)
        name = (tags.get("name") or tags.get("brand", "")) if category else tags.get("addr:housename", "")
        if name and name != address.number:
            self._place(PlaceType.POI, category or "building", tags, address, at, source, name)

    def _place(
        self,
        kind: PlaceType,
        category: str,
        tags: dict[str, str],
        address: osm_tags.AddressTags,
        at: Extent,
        source: str,
        name: str = "",
    ) -> None:
        name = name or tags["name"]
        self._out.add(
            "place",
            (int(kind), name, osm_tags.other_names(tags, name), category, osm_tags.population(tags),
             address.number, address.street or address.place, *address[4:],
             at.latitude, at.longitude, at.south, at.west, at.north, at.east, source),
        )  # fmt: skip

    def _street(self, name: str, category: str, tags: dict[str, str], line: Sequence[float], source: str) -> None:
        address = self._address(tags, "")
        row = (name, osm_tags.other_names(tags, name), category, *address[4:], source)
        self._out.add_line("street", row, line)

    def _spread(
        self,
        area: Area,
        tags: dict[str, str],
        address: osm_tags.AddressTags,
        extent: Extent,
        source: str,
        settlement: str,
        linked: str,
    ) -> None:
        """A boundary or the outline of a settlement, and the settlement where nothing else stands for it."""
        kind = osm_tags.area_kind(tags, linked)
        code = osm_tags.area_postal_code(tags)
        name = tags.get("name", "") or (code if kind is PlaceType.POSTAL_CODE else "")
        if kind is None or not name:
            return
        own = osm_tags.place_kind(tags)
        if own is not None and not settlement and tags.get("name"):
            self._place(own, tags["place"], tags, address, extent, source)
            settlement = source
        polygon = polygon_of(area)
        if not polygon:
            self._bad.add(source.replace("/", " "), "a boundary that the file has only a part of")
            return
        country = tags.get("ISO3166-1:alpha2") or tags.get("ISO3166-1") or address.country
        self._out.add(
            "area",
            (int(kind), osm_tags.admin_level(tags), name, osm_tags.other_names(tags, name), code, country,
             osm_tags.population(tags), polygon, settlement, source),
        )  # fmt: skip

    def _range(self, way: int, tags: dict[str, str], line: Sequence[float], source: str) -> None:
        address = self._address(tags, f"w{way}")._replace(number="")
        nodes = self._links.interpolations[way]
        try:
            for found in ranges_of(tags["addr:interpolation"], address, nodes, tuple(line), self._known):
                if isinstance(found, NumberRange):
                    row = (found.address.street, found.address.place, found.first, found.last, found.step,
                           *found.address[4:], source)  # fmt: skip
                    self._out.add_line("range", row, found.line)
                else:
                    self._out.add("address", (*found.address, found.latitude, found.longitude, source))
        except BadRange as error:
            self._bad.add(f"way {way}", str(error))


def _bytes_read(path: Path) -> int:
    """How far osmium has read the file, which it does not tell itself; 0 where the system does not either."""
    wanted = path.resolve()
    try:
        for descriptor in Path("/proc/self/fd").iterdir():
            if descriptor.readlink() == wanted:
                position = Path("/proc/self/fdinfo", descriptor.name).read_text(encoding="ascii").split(maxsplit=2)[1]
                return int(position)
    except OSError:
        pass
    return 0
