"""Log lines on stderr, as text for people or as JSON for programs: a fixed message, and facts as fields.

A record's facts are the dict `facts` of its `extra`; `trace` there is a traceback that is text already.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import orjson


class TextFormatter(logging.Formatter):
    """`time level logger message key=value …`, a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as a line."""
        facts = "".join(f" {name}={value}" for name, value in getattr(record, "facts", {}).items())
        line = f"{_time(record)} {record.levelname:<7} {record.name}: {record.getMessage()}{facts}"
        trace = _trace(self, record)
        return f"{line}\n{trace}" if trace else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the facts, and `trace` after a failure."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as a line."""
        fields: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        trace = _trace(self, record)
        if trace:
            fields["trace"] = trace
        return orjson.dumps(fields, default=str).decode()


def configure_logs(log_format: str, log_level: str) -> None:
    """Sends every log record of this process from `log_level` on to stderr."""
    # No line names the file, thread or process it came from; looking them up is half of a record's price.
    logging._srcfile = None
    for lookup in ("logThreads", "logMultiprocessing", "logProcesses", "logAsyncioTasks"):
        setattr(logging, lookup, False)
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    logging.basicConfig(handlers=[stderr], level=log_level, force=True)
    for chatty in ("asyncio", "numba"):
        logging.getLogger(chatty).setLevel(max(logging.INFO, logging.getLevelName(log_level)))


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if record.exc_info:
        return formatter.formatException(record.exc_info)
    return str(getattr(record, "trace", ""))


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
