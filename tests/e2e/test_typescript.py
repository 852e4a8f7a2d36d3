"""A caller of another language: stubs from protos/ alone, type-checked, asking a real server process.

Its tools come from npm, in the versions of typescript/package-lock.json, into an ignored cache folder.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Server

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).with_name("typescript")
OLDEST_NODE = 20

pytestmark = pytest.mark.timeout(240)  # the first run fetches the tools


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def missing_tools() -> str:
    """Why the test cannot run here, empty if it can."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not installed"
    version = run("node", "--version", cwd=ROOT).strip()
    if int(version.removeprefix("v").split(".")[0]) < OLDEST_NODE:
        return f"node is {version}; the code generator needs {OLDEST_NODE} or newer"
    if not (ROOT / "third_party" / "google").is_dir():
        return "third_party/ is not filled; `make test` does that"
    return ""


@pytest.fixture(scope="module")
def workshop() -> Path:
    """A folder with the sources and the installed tools; one for each state of the lock file."""
    if reason := missing_tools():
        pytest.skip(reason)
    lock = (SOURCES / "package-lock.json").read_bytes()
    folder = ROOT / ".cache" / f"typescript-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES.iterdir():
        shutil.copyfile(source, folder / source.name)
    installed = folder / "node_modules" / ".installed"
    if not installed.exists():
        run("npm", "ci", "--ignore-scripts", cwd=folder)
        installed.touch()
    return folder


@pytest.fixture(scope="module")
def compiled(workshop: Path) -> Path:
    """The program, compiled from stubs that were made of protos/ just now."""
    for stale in ("generated", "compiled"):
        shutil.rmtree(workshop / stale, ignore_errors=True)
    buf = Path(sys.executable).with_name("buf")
    run(buf, "generate", ROOT / "protos", "--template", "buf.gen.yaml", cwd=workshop)
    run("node", "node_modules/typescript/bin/tsc", cwd=workshop)
    return workshop / "compiled" / "lookup.js"


@pytest.fixture(scope="module")
def answer(compiled: Path, server: Server) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run("node", compiled, server.address, cwd=compiled.parent.parent))
    return answer


def test_a_unary_call_from_typescript_finds_berlin(answer: dict[str, Any]) -> None:
    assert answer["name"] == "places/gn-2950159"
    assert answer["location"] == pytest.approx([52.52, 13.41], abs=0.1)


def test_a_stream_from_typescript_answers_every_lookup_in_order(answer: dict[str, Any]) -> None:
    assert answer["outcomes"] == [
        {"lookupId": "text", "outcome": "geocode"},
        {"lookupId": "bad", "outcome": "error"},
        {"lookupId": "point", "outcome": "reverseGeocode"},
    ]


def test_an_error_reaches_typescript_with_its_code(answer: dict[str, Any]) -> None:
    assert answer["unknownPlace"] == "NotFound"


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text(encoding="utf-8"))
    assert "resolved" not in os.linesep.join(key for package in lock["packages"].values() for key in package)
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
