from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from waypost.server.geocoder import version
from waypost.server.geocoder.version import ENGINE_VERSION, engine_version

PACKAGE = Path(version.__file__).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The geocoder's sources, to be changed."""
    return Path(shutil.copytree(PACKAGE, tmp_path / "geocoder", ignore=shutil.ignore_patterns("__pycache__")))


def test_equal_sources_are_one_engine(copy: Path) -> None:
    assert engine_version(copy) == ENGINE_VERSION
    assert len(ENGINE_VERSION) == 12


@pytest.mark.parametrize("name", ["calibration.json", "ranking.py", "normalize.py", "match.py"])
def test_whatever_can_change_an_answer_is_another_engine(copy: Path, name: str) -> None:
    with (copy / name).open("a") as source:
        source.write("\n")
    assert engine_version(copy) != ENGINE_VERSION
