"""What a caller can say about the form of an input, and what is found out where nothing was said."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from waypost.server.errors import FieldViolation, InvalidArgument
from waypost.server.jobs.spec import Compression, FileFormat

#: Encodings that are read: those in which a byte's meaning does not depend on bytes far before it, so that the place
#: of a bad byte can be told. Names as Python's codecs give them.
ENCODINGS = (
    "utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "ascii",
    "iso8859-1", "iso8859-2", "iso8859-3", "iso8859-4", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8",
    "iso8859-9", "iso8859-10", "iso8859-11", "iso8859-13", "iso8859-14", "iso8859-15", "iso8859-16",
    "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258",
    "cp437", "cp850", "cp852", "cp855", "cp857", "cp858", "cp862", "cp864", "cp866", "cp874", "cp932", "cp949",
    "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "tis-620",
    "shift_jis", "euc_jp", "euc_kr", "gb18030", "gbk", "gb2312", "big5", "big5hkscs",
)  # fmt: skip
_ENCODINGS = frozenset(codecs.lookup(name).name for name in ENCODINGS)
#: Python's names of encodings whose order of bytes the mark at the file's begin tells: bytes of a character.
ORDER_BY_MARK = {"utf-16": 2, "utf-32": 4}
#: Names that do not tell how a file without that mark is read.
_MARKED = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFormat:
    """The form of an input; None = to be detected.

    `encoding`, `delimiter`, `quote` and `header` are for CSV, `encoding` for NDJSON too (UTF-8 unless it is said).
    `quote` is '"' unless it is said, and empty where cells are never quoted; doubled it stands for itself. Rows of CSV
    end with LF, CR or CRLF.
    """

    format: FileFormat | None = None
    compression: Compression | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None

    def __post_init__(self) -> None:
        violations = []
        if self.encoding is not None and canonical_encoding(self.encoding) is None:
            violations.append(FieldViolation("encoding", self.encoding, f"one of {', '.join(ENCODINGS)}"))
        if self.delimiter is not None and not _is_mark(self.delimiter):
            violations.append(FieldViolation("delimiter", self.delimiter, "one ASCII character, no line end, no NUL"))
        if self.quote and (not _is_mark(self.quote) or self.quote == self.delimiter):
            allowed = "empty, or one ASCII character, no line end, no NUL, not the delimiter"
            violations.append(FieldViolation("quote", self.quote, allowed))
        if violations:
            raise InvalidArgument(violations)


def _is_mark(text: str) -> bool:
    return len(text) == 1 and text.isascii() and text not in "\r\n\0"


def canonical_encoding(name: str) -> str | None:
    """The name under which Python knows an encoding that is read, None where it is not read."""
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return None
    found = _MARKED.get(found, found)
    return found if found in _ENCODINGS else None
