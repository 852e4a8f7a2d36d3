"""The worked examples of docs/jobs.md, run as they stand against a server of this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.server_process import Server
from tests.tools import tool

PAGE = (Path(__file__).parents[2] / "docs" / "jobs.md").read_text()
ADDRESS = "127.0.0.1:50051"
ID = re.compile(r"\b(jobs|operations|uploads)/([0-9a-f]{20})")
#: What differs from run to run.
PASSING = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|(?<=\"engineVersion\": \")[0-9a-f]+")
#: A line of a block that shows a command; those behind it belong to it while a quote or the line itself goes on.
PROMPT = "$ "


def blocks(heading: str, language: str = "") -> list[str]:
    section = PAGE[PAGE.index(f"### {heading}") :]
    section = section[: section.index("\n#", 1)]
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[tuple[str, str]]:
    """Each command of a block with what it prints there."""
    found: list[tuple[str, str]] = []
    for chunk in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = chunk.splitlines()
        end = 1
        while lines[end - 1].endswith("\\") or "\n".join(lines[:end]).count("'") % 2:
            end += 1
        found.append(("\n".join(lines[:end]), "\n".join(lines[end:])))
    return found


class Shell:
    """Runs commands one after another; ids of the page become those that the server gave."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder
        self.ids: dict[str, str] = {}
        self.before = ""

    def run(self, command: str, printed: str) -> str:
        script = command.replace(ADDRESS, self.address)
        for page_id, given in self.ids.items():
            script = script.replace(page_id, given)
        path = f"{Path(tool('grpcurl')).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-ec", self.before + script], cwd=self.folder, env={**os.environ, "PATH": path},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{script}\n{done.stderr}"
        if re.fullmatch(r"[A-Z]+=.*", command):
            self.before += command + "\n"
        for collection, page_id in ID.findall(printed):
            if page_id not in self.ids:
                self.ids[page_id] = next(given for found, given in ID.findall(done.stdout) if found == collection)
        for piece in printed.split("…"):
            assert self.told(piece.strip()) in PASSING.sub("*", done.stdout)
        return done.stdout

    def told(self, text: str) -> str:
        for page_id, given in self.ids.items():
            text = text.replace(page_id, given)
        return PASSING.sub("*", text)


def test_the_examples_do_what_the_page_says(start_server: Callable[..., Server], tmp_path: Path) -> None:
    server = start_server("--jobs-dir", str(tmp_path / "jobs"), "--jobs-workers", "1", "--jobs-min-free-mib", "0")
    server.wait_until_serving()
    shell = Shell(server.address, tmp_path)
    ran = 0
    for block in blocks("With grpcurl"):
        for command, printed in commands(block):
            output = shell.run(command, printed)
            ran += 1
            if "JobService/CreateJob" in command:
                # So that its events are told without progress between, which comes as it may.
                (_, job_id) = ID.findall(output)[0]
                wait = f'grpcurl -plaintext -d \'{{"name": "operations/{job_id}"}}\''
                assert '"done": true' in shell.run(f"{wait} {ADDRESS} google.longrunning.Operations/WaitOperation", "")
    assert ran == 9
    (program,) = blocks("From Python", "python")
    done = subprocess.run(
        [sys.executable, "-c", program.replace(ADDRESS, server.address)],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "GeoNames" in done.stdout
    assert len((tmp_path / "answers.csv").read_text().splitlines()) == 3
    assert (tmp_path / "report.json").exists()
