"""Log lines: facts are fields, and a line is one line."""

from __future__ import annotations

import json
import logging

from waypost.server.logs import JsonFormatter, TextFormatter


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("waypost.app", logging.INFO, "", 0, "serving", (), None)
    made.created = 0.5
    made.__dict__.update(extra)
    return made


def test_a_json_line_has_its_facts_as_fields() -> None:
    line = JsonFormatter().format(record(facts={"port": 50051, "peer": "a\nb"}))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.500+00:00",
        "level": "INFO",
        "logger": "waypost.app",
        "message": "serving",
        "port": 50051,
        "peer": "a\nb",
    }


def test_a_text_line_has_its_facts_behind_the_message() -> None:
    line = TextFormatter().format(record(facts={"port": 50051}))
    assert line == "1970-01-01T00:00:00.500+00:00 INFO    waypost.app: serving port=50051"


def test_a_trace_is_told_in_both() -> None:
    assert TextFormatter().format(record(trace="at x")).endswith("serving\nat x")
    assert json.loads(JsonFormatter().format(record(trace="at x")))["trace"] == "at x"


def test_a_record_of_several_times_is_a_line_for_each_in_both() -> None:
    several = record(each=[(0.5, {"ms": 1}), (1.5, {"ms": 2})])
    assert TextFormatter().format(several).splitlines() == [
        "1970-01-01T00:00:00.500+00:00 INFO    waypost.app: serving ms=1",
        "1970-01-01T00:00:01.500+00:00 INFO    waypost.app: serving ms=2",
    ]
    lines = [json.loads(line) for line in JsonFormatter().format(several).splitlines()]
    assert [(line["time"], line["message"], line["ms"]) for line in lines] == [
        ("1970-01-01T00:00:00.500+00:00", "serving", 1),
        ("1970-01-01T00:00:01.500+00:00", "serving", 2),
    ]
