from __future__ import annotations

import stat
from pathlib import Path

import pytest

from waypost.server.config import Config
from waypost.server.jobs.desk import JobDesk


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("made_by_the_operator", [False, True])
def test_what_callers_hand_in_can_be_read_by_the_server_alone(tmp_path: Path, made_by_the_operator: bool) -> None:
    config = Config(data_dir=tmp_path / "data")
    if made_by_the_operator:
        config.jobs_folder.mkdir(parents=True)
        config.jobs_folder.chmod(0o755)
    JobDesk.open(config).store.close()
    assert rights(config.jobs_folder) == (0o755 if made_by_the_operator else 0o700)
    assert {path.name: rights(path) for path in config.jobs_folder.iterdir()} == {
        "jobs": 0o700, "uploads": 0o700, "jobs.sqlite": 0o600,
    }  # fmt: skip


def test_rights_that_the_operator_gave_are_kept(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path / "data")
    JobDesk.open(config).store.close()
    for name, mode in (("jobs", 0o750), ("jobs.sqlite", 0o640)):
        (config.jobs_folder / name).chmod(mode)
    JobDesk.open(config).store.close()
    assert [rights(config.jobs_folder / name) for name in ("jobs", "jobs.sqlite")] == [0o750, 0o640]
