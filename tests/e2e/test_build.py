"""Building in processes of their own: the same bytes each time, and nothing lost when one is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from waypost.server.gazetteer.store import SnapshotStore

_BUILD = """
import sys
from pathlib import Path
from waypost.server.gazetteer.build import build
print(build(Path(sys.argv[1]), on_step=lambda step, share: print(step, flush=True)).snapshot_id)
"""


def _start(directory: Path, hash_seed: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", _BUILD, str(directory)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_a_second_build_has_the_same_id_and_bytes(data_dir: Path, tmp_path: Path) -> None:
    with _start(tmp_path, "7") as process:
        output, _ = process.communicate(timeout=300)
    present = SnapshotStore(data_dir).present_id()
    assert output.splitlines()[-1] == present
    built, known = tmp_path / "snapshots" / str(present), data_dir / "snapshots" / str(present)
    for path in sorted(built.glob("*.npy")):
        assert path.read_bytes() == (known / path.name).read_bytes(), path.name


def test_a_killed_build_leaves_the_old_snapshot_serving(data_dir: Path, tmp_path: Path) -> None:
    present = str(SnapshotStore(data_dir).present_id())
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / present).symlink_to(data_dir / "snapshots" / present)
    (tmp_path / "present").write_text(present + "\n")
    with _start(tmp_path, "0") as process:
        assert process.stdout is not None
        steps = iter(line.strip() for line in process.stdout)
        assert "join and name" in steps
        process.send_signal(signal.SIGKILL)
    store = SnapshotStore(tmp_path)
    assert store.open_present().snapshot_id == present
    assert list(tmp_path.glob("building-*"))
    with store.building():
        assert len(list(tmp_path.glob("building-*"))) == 1
    assert store.open_present().snapshot_id == present
