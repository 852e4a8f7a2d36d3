"""Layers into snapshots and out again: killed at any moment, beside others, and where some are broken."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.unit.gazetteer.imports.readers.small_extract import SmallExtract
from waypost.server.cli import main
from waypost.server.data_tasks.tables import layers_in
from waypost.server.errors import ImportFailed, SnapshotError
from waypost.server.gazetteer.build import build
from waypost.server.gazetteer.imports.importing import Added, Order, add_layer, remove_layers
from waypost.server.gazetteer.imports.layer_store import LayerStore
from waypost.server.gazetteer.imports.readers.reading import BadRecords, Wishes
from waypost.server.gazetteer.imports.records import Credit
from waypost.server.gazetteer.store import SnapshotStore

_CREDIT = Credit("© Testers", "https://example.org/", "CC0-1.0", share_alike=False)
#: What reaches the disk but for the bytes of files that are open; see the table of audit events.
_EVENTS = frozenset(
    {"os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree", "tempfile.mkdtemp"}
)


class _Quiet:
    def begin(self, step: str) -> None: ...

    def share(self, share: float) -> None: ...

    def count(self, records: int) -> None: ...


class _Killed(BaseException):
    """Nothing reaches the disk any more."""


class _Disk:
    """Counts what changes files below a folder; from the event `last` on, none of that happens any more."""

    def __init__(self) -> None:
        self._folder = ""
        self._last = -1
        self.events: list[str] = []
        sys.addaudithook(self._heed)

    @contextmanager
    def watched(self, folder: Path, last: int = -1) -> Iterator[list[str]]:
        self._folder, self._last, self.events = str(folder), last, []
        try:
            yield self.events
        finally:
            self._folder = ""

    def _heed(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._folder:
            return
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if not (writes or event in _EVENTS) or self._folder not in str(arguments[0]):
            return
        if 0 <= self._last <= len(self.events):
            raise _Killed
        self.events.append(f"{event} {Path(str(arguments[0])).name}")


@pytest.fixture(scope="module")
def disk() -> _Disk:
    return _Disk()


@pytest.fixture
def own_dir(sample_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_dir, tmp_path / "data"))


def _table(folder: Path, name: str, street: str = "Lindenweg") -> Path:
    path = folder / f"{name}.csv"
    path.write_text(f"number,street,city,lat,lon\n5,{street},Berlin,52.53,13.38\n7,{street},Berlin,52.531,13.38\n")
    return path


def _add(data_dir: Path, path: Path) -> Added:
    order = Order((path,), path.stem, "table", Wishes(), _CREDIT)
    return add_layer(data_dir, order, BadRecords(), _Quiet())


def _agreed(data_dir: Path) -> tuple[str, ...]:
    """The names of the layers, of which the list and the present snapshot tell the same; all can be opened."""
    layers, names = LayerStore(data_dir), _agreed_names(data_dir)
    assert [layers.open(name).info.name for name in names] == list(names)
    return names


def _agreed_names(data_dir: Path) -> tuple[str, ...]:
    names = tuple(LayerStore(data_dir).present())
    assert [layer.layer for layer in SnapshotStore(data_dir).open_present().layers] == ["places", *names]
    return names


def _change(act: str, data_dir: Path, folder: Path) -> None:
    if act == "remove":
        remove_layers(data_dir, ["old"], _Quiet())
    else:
        _add(data_dir, _table(folder, "new"))


@pytest.mark.parametrize(("act", "after"), [("add", ("new", "old")), ("remove", ())])
def test_a_kill_at_any_moment_leaves_the_layers_that_the_snapshot_has(
    own_dir: Path, tmp_path: Path, disk: _Disk, act: str, after: tuple[str, ...]
) -> None:
    before = _add(own_dir, _table(tmp_path, "old")).snapshot_id
    undisturbed = Path(shutil.copytree(own_dir, tmp_path / "undisturbed"))
    with disk.watched(undisturbed) as events:
        _change(act, undisturbed, tmp_path)
    wanted = SnapshotStore(undisturbed).present_id()
    # Before each step by which what is finished takes the place of what was there, and once in the midst of the work.
    steps = [number for number, event in enumerate(events) if event.startswith(("os.rename", "shutil.rmtree"))]
    assert len(steps) >= 4
    for last in (len(events) // 2, *steps):
        killed = Path(shutil.copytree(own_dir, tmp_path / f"killed-{last}"))
        with disk.watched(killed, last), suppress(_Killed):
            _change(act, killed, tmp_path)
        present = SnapshotStore(killed).present_id()
        assert present in (before, wanted), last
        assert _agreed(killed) == (("old",) if present == before else after), last
        if present == before:  # and the next attempt finds nothing in its way
            _change(act, killed, tmp_path)
        assert SnapshotStore(killed).present_id() == wanted, last
        assert _agreed(killed) == after
        with SnapshotStore(killed).building() as directory:  # what the kill left is removed by whoever comes next
            assert list(killed.glob("building-*")) == [directory], last
        shutil.rmtree(killed)


def _break_arrays(layer: Path) -> None:
    (layer / "line.npy").write_bytes(b"")


def _break_manifest(layer: Path) -> None:
    (layer / "layer.json").write_bytes(b"{")


@pytest.mark.parametrize("damage", [_break_arrays, _break_manifest, shutil.rmtree])
def test_a_damaged_layer_can_be_removed_and_replaced(
    own_dir: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    whole = _add(own_dir, _table(tmp_path, "whole")).snapshot_id
    both = _add(own_dir, _table(tmp_path, "damaged")).snapshot_id
    damage(next((own_dir / "layers" / "damaged").iterdir()))
    with pytest.raises(ImportFailed, match="damaged"):
        _add(own_dir, _table(tmp_path, "third"))
    assert _add(own_dir, _table(tmp_path, "damaged")).snapshot_id == both
    damage(next((own_dir / "layers" / "damaged").iterdir()))
    assert remove_layers(own_dir, ["damaged"], _Quiet()) == whole
    assert _agreed(own_dir) == ("whole",)


def test_layers_that_cannot_be_read_are_listed_with_the_reason(
    own_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _add(own_dir, _table(tmp_path, "whole"))
    _add(own_dir, _table(tmp_path, "damaged"))
    _break_manifest(next((own_dir / "layers" / "damaged").iterdir()))
    damaged, whole = layers_in(own_dir)
    assert isinstance(damaged, ImportFailed)
    assert not isinstance(whole, ImportFailed)
    assert whole.name == "whole"
    assert main(["data", "list", "--data-dir", str(own_dir)]) == 0
    told = capsys.readouterr().out
    assert "whole.csv" in told
    assert "cannot be read: " in told
    assert "damaged" in told


def test_several_damaged_layers_are_removed_at_once(own_dir: Path, tmp_path: Path) -> None:
    before = SnapshotStore(own_dir).present_id()
    for name in ("one", "two"):
        _add(own_dir, _table(tmp_path, name))
    for name in ("one", "two"):
        _break_arrays(next((own_dir / "layers" / name).iterdir()))
    with pytest.raises(ImportFailed, match="waypost data remove two"):
        remove_layers(own_dir, ["one"], _Quiet())
    assert remove_layers(own_dir, ["one", "two"], _Quiet()) == before
    with pytest.raises(ImportFailed, match="there is no layer 'one'; there are: none"):
        remove_layers(own_dir, ["one"], _Quiet())


def test_a_build_takes_its_lock_before_it_looks_at_the_layers(own_dir: Path, tmp_path: Path) -> None:
    _add(own_dir, _table(tmp_path, "damaged"))
    _break_arrays(next((own_dir / "layers" / "damaged").iterdir()))
    with SnapshotStore(own_dir).building(), pytest.raises(SnapshotError, match="another build"):
        build(own_dir)
    with pytest.raises(ImportFailed, match="layer damaged in"):
        build(own_dir)
    assert _agreed_names(own_dir) == ("damaged",)


def test_two_imports_at_once_are_refused(own_dir: Path, tmp_path: Path) -> None:
    with SnapshotStore(own_dir).building(), pytest.raises(SnapshotError, match="another build"):
        _add(own_dir, _table(tmp_path, "new"))


def test_a_torn_line_is_left_out_and_counted(own_dir: Path, tmp_path: Path) -> None:
    extract = SmallExtract()
    extract.line((52.530, 13.380), (52.531, 13.380), highway="residential", name="Lindenweg")
    extract.line((52.530, 13.380), (-33.0, 151.0), (52.531, 13.381), highway="residential", name="Irrweg")
    path = extract.write(tmp_path / "torn.osm.pbf")
    bad = BadRecords()
    added = add_layer(own_dir, Order((path,), "torn", "osm", Wishes(), _CREDIT), bad, _Quiet())
    assert added.layer.features == {"street": 1}
    assert added.layer.bad_records == 1
    assert [(sample.where, sample.reason) for sample in bad.samples] == [
        ("way 2", "a line with vertices more than 100 km apart")
    ]
