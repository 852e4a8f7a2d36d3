"""Log lines on stderr, as text for people or as JSON for programs: a fixed message, and facts as fields.

A record's facts are the dict `facts` of its `extra`; `trace` there is a traceback that is text already. A record may
tell of something that happened several times: then `each` has the time and the facts of each, and it becomes as many
lines, which are written together.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

import orjson


class TextFormatter(logging.Formatter):
    """`time level logger message key=value …`, a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as a line, or as one for each time that it happened."""
        told = f"{record.levelname:<7} {record.name}: {record.getMessage()}"
        lines = []
        for created_s, facts in _each(record):
            fields = "".join([f" {name}={value}" for name, value in facts.items()])
            lines.append(f"{_time(created_s)} {told}{fields}")
        if trace := _trace(self, record):
            lines.append(trace)
        return "\n".join(lines)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the facts, and `trace` after a failure."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as a line, or as one for each time that it happened."""
        told = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        trace = _trace(self, record)
        rest = {"trace": trace} if trace else {}
        lines = [
            orjson.dumps({"time": _time(created_s), **told, **facts, **rest}, default=str)
            for created_s, facts in _each(record)
        ]
        return b"\n".join(lines).decode()


def configure_logs(log_format: str, log_level: str) -> None:
    """Sends every log record of this process from `log_level` on to stderr."""
    # No line names the file, thread or process it came from; looking them up is half of a record's price.
    logging._srcfile = None
    for lookup in ("logThreads", "logMultiprocessing", "logProcesses", "logAsyncioTasks"):
        setattr(logging, lookup, False)
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    logging.basicConfig(handlers=[stderr], level=log_level, force=True)
    # Libraries that tell their own users much: (logger, the level from which on it is of use to ours).
    for chatty, least in (("asyncio", logging.INFO), ("numba", logging.INFO), ("alembic", logging.WARNING)):
        logging.getLogger(chatty).setLevel(max(least, logging.getLevelName(log_level)))


def _each(record: logging.LogRecord) -> Iterable[tuple[float, Mapping[str, object]]]:
    """Seconds since the epoch and facts of each time that a record tells of."""
    each: Iterable[tuple[float, Mapping[str, object]]] | None = getattr(record, "each", None)
    return ((record.created, getattr(record, "facts", {})),) if each is None else each


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if record.exc_info:
        return formatter.formatException(record.exc_info)
    return str(getattr(record, "trace", ""))


def _time(created_s: float) -> str:
    second, ms = divmod(int(created_s * 1000), 1000)
    return f"{_second(second)}.{ms:03d}+00:00"


@lru_cache(maxsize=1)
def _second(epoch_s: int) -> str:
    # Thousands of access lines share a second; making this was two thirds of a line's price.
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")
