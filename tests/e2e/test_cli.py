"""The `waypost` command as people and scripts run it: a real process, a real server process."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Server
from tests.server_process import heeding_ctrl_c

WAYPOST = Path(sys.executable).with_name("waypost")
BERLIN = "gn-2950159"
NO_SERVER = "127.0.0.1:1"

Result = subprocess.CompletedProcess[str]


def waypost(*arguments: str, server: str = NO_SERVER, lines: str | None = None) -> Result:
    """Runs the command; without `lines` its input is empty, not a terminal."""
    environment = os.environ | {"WAYPOST_SERVER": server, "WAYPOST_TIMEOUT": "30", "PYTHONUTF8": "1"}
    return subprocess.run(
        [WAYPOST, *arguments],
        input=lines or "",
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture
def address(server: Server) -> str:
    return server.address


def test_geocode_shows_a_table_with_credits(address: str) -> None:
    result = waypost("geocode", "Berlin", "--region", "DE", server=address)
    assert result.returncode == 0, result.stderr
    heading, first, *_ = result.stdout.splitlines()
    assert heading.split() == ["PLACE", "KIND", "LATITUDE", "LONGITUDE", "WITHIN", "CONFIDENCE", "ID"]
    assert "Berlin" in first
    assert "52.5" in first
    assert "data: " in result.stdout
    assert result.stderr == ""


def test_geocode_prints_one_json_object(address: str) -> None:
    result = waypost("geocode", "--json", "--max-results", "1", "--type", "locality", "Berlin", server=address)
    answer = json.loads(result.stdout)
    assert answer["results"][0]["place"]["place_id"] == BERLIN
    assert answer["results"][0]["place"]["place_type"] == "PLACE_TYPE_LOCALITY"
    assert answer["snapshot"].startswith("snapshots/")
    assert result.returncode == 0


def test_words_need_no_quotes(address: str) -> None:
    result = waypost("geocode", "--json", "Berlin", "Germany", server=address)
    assert result.stdout == waypost("geocode", "--json", "Berlin Germany", server=address).stdout


def test_an_address_is_given_in_fields(address: str) -> None:
    fields = ["--locality", "Berlin", "--region-code", "DE"]
    result = waypost("geocode", "--json", "--max-results", "1", *fields, server=address)
    assert json.loads(result.stdout)["results"][0]["place"]["display_name"] == "Berlin"
    both = waypost("geocode", "Berlin", *fields, server=address)
    assert (both.returncode, both.stdout) == (2, "")
    assert "not both" in both.stderr


def test_explain_shows_every_parse_with_its_terms(address: str) -> None:
    result = waypost("geocode", "--explain", "Springfield", server=address)
    assert result.returncode == 0
    assert "candidates scored:" in result.stdout
    assert "TERMS" in result.stdout


def test_coordinates_with_a_minus_need_nothing_around_them(address: str) -> None:
    for arguments in (["-33.87", "151.21"], ["-33.87,151.21"]):
        result = waypost("reverse", "--json", *arguments, server=address)
        assert result.returncode == 0, result.stderr
        components = json.loads(result.stdout)["results"][0]["place"]["address_components"]
        assert "AU" in {component["short_text"] for component in components}


def test_a_point_at_sea_is_nothing_found_with_the_reason(address: str) -> None:
    result = waypost("reverse", "-48.87", "-123.39", server=address)
    assert result.returncode == 1
    assert result.stdout.splitlines()[0] == "nothing found"
    assert "AT_SEA" in result.stdout


def test_a_text_without_a_place_is_nothing_found(address: str) -> None:
    result = waypost("geocode", "--json", "xqzvwkj qqqxzv", server=address)
    assert result.returncode == 1
    assert json.loads(result.stdout)["results"] == []


def test_a_place_is_shown_by_its_id(address: str) -> None:
    result = waypost("place", BERLIN, server=address)
    assert result.returncode == 0
    assert f"id          {BERLIN}" in result.stdout
    prefixed = waypost("place", f"places/{BERLIN}", "--json", server=address)
    assert json.loads(prefixed.stdout)["place_id"] == BERLIN


def test_an_unknown_place_is_told_on_stderr_and_in_json(address: str) -> None:
    result = waypost("place", "gn-0", "--json", server=address)
    assert result.returncode == 1
    assert json.loads(result.stdout)["error"]["reason"] == "PLACE_NOT_FOUND"
    assert result.stderr == "waypost: Place 'places/gn-0' does not exist\n"


def test_snapshots_and_their_layers_are_listed(address: str) -> None:
    assert "LICENCE" in waypost("snapshots", server=address).stdout
    (present, *_) = json.loads(waypost("snapshots", "--json", server=address).stdout)["snapshots"]
    pinned = waypost("geocode", "Berlin", "--json", "--snapshot", present["name"], server=address)
    assert json.loads(pinned.stdout)["snapshot"] == present["name"]


def test_health_names_every_service(address: str) -> None:
    result = waypost("health", "--json", server=address)
    assert result.returncode == 0
    assert set(json.loads(result.stdout)["services"].values()) == {"SERVING"}


def test_many_lines_are_answered_in_order_and_a_bad_one_stops_no_other(address: str) -> None:
    lines = ["Berlin", "", "Wien", "x" * 5000, "Paris"] * 300
    result = waypost("geocode", "--json", "--max-results", "1", lines="\n".join(lines), server=address)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["line"] for answer in answers] == list(range(1, 1501))
    assert [answer["input"] for answer in answers[:3]] == ["Berlin", "", "Wien"]
    kinds = ["geocode" if "geocode" in answer else answer["error"]["code"] for answer in answers]
    assert kinds == ["geocode", "INVALID_ARGUMENT", "geocode", "INVALID_ARGUMENT", "geocode"] * 300
    assert result.returncode == 1


def test_many_points_may_be_parted_by_spaces_or_commas(address: str) -> None:
    lines = "48.2083 16.3731\n-33.87,151.21\nnorth of here\n91 0\n"
    result = waypost("reverse", lines=lines, server=address)
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[:3] for row in rows] == [
        ["1", "48.2083 16.3731", "found"],
        ["2", "-33.87,151.21", "found"],
        ["3", "north of here", "invalid"],
        ["4", "91 0", "invalid"],
    ]
    assert {len(row) for row in rows} == {9}


def test_many_ids_are_looked_up(address: str) -> None:
    result = waypost("place", "-", lines=f"{BERLIN}\nplaces/{BERLIN}\n", server=address)
    assert [line.split("\t")[-1] for line in result.stdout.splitlines()] == [BERLIN, BERLIN]
    assert result.returncode == 0


def test_no_lines_are_no_failure(address: str) -> None:
    assert waypost("geocode", lines="", server=address).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [["geocode", "Berlin", "--max-results", "51"], ["reverse", "91", "0"], ["geocode", "Berlin", "--region", "XX"]],
)
def test_what_the_server_refuses_is_wrong_usage(arguments: list[str], address: str) -> None:
    result = waypost(*arguments, server=address)
    assert (result.returncode, result.stdout) == (2, "")
    assert "allowed: " in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [["geocode", "Berlin"], ["place", BERLIN], ["health"]])
def test_without_a_server_one_sentence_says_so(arguments: list[str]) -> None:
    result = waypost(*arguments)
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith(f"waypost: no server answers at {NO_SERVER}")
    assert "waypost serve" in result.stderr
    assert "Traceback" not in result.stderr


def test_without_a_server_many_lines_end_the_same_way() -> None:
    result = waypost("geocode", "--json", lines="Berlin\nWien\n")
    assert result.returncode == 3
    assert json.loads(result.stdout)["error"]["code"] == "UNAVAILABLE"
    assert "Traceback" not in result.stderr


def test_bad_settings_are_named_all_at_once() -> None:
    result = waypost("geocode", "Berlin", "--server", "nowhere", "--timeout", "soon")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("allowed:") == 2


def test_an_argument_that_is_no_utf8_is_refused() -> None:
    result = subprocess.run([WAYPOST, "geocode", b"\xff"], capture_output=True, timeout=60, check=False)
    assert result.returncode == 2
    assert b"UTF-8" in result.stderr
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["geocode", "reverse", "place"])
def test_help_teaches_by_examples(command: str) -> None:
    result = waypost(command, "--help")
    assert result.returncode == 0
    assert f"examples:\n  waypost {command} " in result.stdout


def test_help_documents_the_exit_codes() -> None:
    assert "exit codes:" in waypost("--help").stdout


def test_a_reader_that_stops_reading_ends_the_command_quietly(address: str) -> None:
    command: list[str | Path] = [WAYPOST, "geocode", "--json", "--server", address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        try:
            process.stdin.write(b"Berlin\n" * 5000)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert process.wait(timeout=60) == 141
        assert process.stderr.read() == b""


def on_terminal(*arguments: str, server: str) -> tuple[subprocess.Popen[bytes], int]:
    """Starts the command with a terminal as its input and output; returns it and the other end."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"WAYPOST_SERVER": server, "COLUMNS": "120", "TERM": "xterm"}
    process = subprocess.Popen(
        heeding_ctrl_c([WAYPOST, *arguments]),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    return process, ours


def read_until(terminal: int, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # how Linux tells that the other end is closed
            data = b""
        if not data:
            raise AssertionError(f"{wanted!r} did not come: {seen!r}")
        seen += data
    return seen


def test_a_line_typed_on_a_terminal_is_answered_at_once_and_ctrl_c_ends_quietly(address: str) -> None:
    process, terminal = on_terminal("geocode", "-", server=address)
    os.write(terminal, b"Berlin\n")
    seen = read_until(terminal, BERLIN.encode())
    assert b"INPUT" in seen
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    try:
        rest = os.read(terminal, 4096)
    except OSError:
        rest = b""
    os.close(terminal)
    assert b"Traceback" not in rest
    assert b"Fatal" not in rest


def test_nothing_to_look_for_on_a_terminal_is_wrong_usage() -> None:
    process, terminal = on_terminal("geocode", server=NO_SERVER)
    read_until(terminal, b"waypost geocode --help")
    assert process.wait(timeout=20) == 2
    os.close(terminal)


def test_progress_is_shown_on_the_terminal_while_answers_go_to_a_file(address: str, tmp_path: Path) -> None:
    queries = tmp_path / "queries.txt"
    queries.write_text("Berlin\n" * 2000, encoding="utf-8")
    ours, theirs = pty.openpty()
    with queries.open("rb") as lines, (tmp_path / "answers").open("wb") as answers:
        process = subprocess.Popen(
            [WAYPOST, "geocode", "--server", address], stdin=lines, stdout=answers, stderr=theirs
        )
        os.close(theirs)
        shown = read_until(ours, b"2,000 lines: 2,000 found")
        assert process.wait(timeout=60) == 0
    os.close(ours)
    assert shown.count(b"lines") > 1
    assert len((tmp_path / "answers").read_text(encoding="utf-8").splitlines()) == 2000


def test_the_servers_commands_are_handed_to_the_server() -> None:
    result = waypost("data", "info", "--help")
    assert result.returncode == 0
    assert "usage: waypost data info" in result.stdout
