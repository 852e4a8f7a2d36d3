"""Bytes of any encoding that is read, to UTF-8, so that a byte that means nothing costs its own row only."""

from __future__ import annotations

import codecs

import numpy as np

from waypost.server.jobs.readers.encoding_guess import guess_encoding
from waypost.server.jobs.readers.formats import ORDER_BY_MARK, canonical_encoding
from waypost.server.jobs.readers.sources import UnpackedBytes

#: Marks at a file's begin, longest first: UTF-32's begins with UTF-16's.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip

#: A byte without meaning becomes a surrogate of this block, which is no valid UTF-8: the row's check finds it.
_SURROGATES = 0xDC00
_KEEP_BAD_BYTES = "waypost-keep-bad-bytes"


def _keep_bad_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(chr(_SURROGATES + byte) for byte in bad), error.end


codecs.register_error(_KEEP_BAD_BYTES, _keep_bad_bytes)


class Utf8Bytes:
    """An input as UTF-8 without its mark; bytes without meaning stay bytes that are no UTF-8."""

    def __init__(self, source: UnpackedBytes, encoding: str) -> None:
        self.encoding = encoding
        self.ended = False
        self._source = source
        for mark, marked in MARKS:
            if marked == encoding and source.peek(4).startswith(mark):
                source.read(len(mark))
        self._decoder = None
        if encoding != "utf-8":
            self._decoder = codecs.getincrementaldecoder(encoding)(_KEEP_BAD_BYTES)

    @property
    def position(self) -> int:
        """How many bytes of the input, after decompression, make up what was read so far and the mark."""
        waiting = len(self._decoder.getstate()[0]) if self._decoder else 0
        return self._source.position - waiting

    def read(self, size: int) -> bytes:
        """`size` bytes of the input, fewer only at the end, as UTF-8. Raises InputUnreadable."""
        piece = self._source.read(size)
        self.ended = len(piece) < size
        if self._decoder is None:
            return piece
        return self._decoder.decode(piece, final=self.ended).encode("utf-8", "surrogatepass")

    def stored_length(self, text: bytes | memoryview) -> int:
        """How many bytes of the input, after decompression, `text` was; it begins and ends between characters."""
        if self._decoder is None:
            return len(text)
        characters = bytes(text).decode("utf-8", "surrogatepass")
        bad = sum(_SURROGATES <= ord(character) < _SURROGATES + 256 for character in characters)
        if bad:
            characters = "".join(c for c in characters if not _SURROGATES <= ord(c) < _SURROGATES + 256)
        return len(characters.encode(self.encoding)) + bad


def detect_encoding(head: bytes, *, complete: bool) -> str:
    """The encoding of an input that begins with `head`: by its mark, as UTF-8, or guessed.

    `complete`: there is nothing after `head`. Bad bytes among good UTF-8 are bad bytes, no other encoding. Raises
    InputUnreadable where nothing can be said.
    """
    if marked := marked_encoding(head):
        return marked
    zeros = head[:1024].count(0)
    if zeros * 4 > len(head[:1024]):
        return "utf-16-le" if head[1:1024:2].count(0) * 2 > zeros else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=complete)
    except UnicodeDecodeError:
        good, bad = _count_characters(head, complete=complete)
        return "utf-8" if good >= bad else guess_encoding(head)
    return "utf-8"


def named_encoding(name: str, head: bytes) -> str:
    """The encoding that a caller means by `name`, any spelling of one that is read, for an input beginning with `head`.

    Names that leave the order of bytes open mean the one that the mark tells. Without a mark it is the one in which
    more of the places that hold the high byte of a character are zero.
    """
    encoding = canonical_encoding(name)
    if encoding is None:
        raise ValueError(f"no encoding that is read: {name!r}")
    width = ORDER_BY_MARK.get(codecs.lookup(name).name)
    if width is None:
        return encoding
    if marked := marked_encoding(head):
        return marked
    big_endian = head[::width].count(0) > head[width - 1 :: width].count(0)
    return f"{encoding[:-2]}{'be' if big_endian else 'le'}"


def marked_encoding(head: bytes) -> str | None:
    """The encoding that the mark at the begin of `head` tells; None where there is no mark."""
    return next((encoding for mark, encoding in MARKS if head.startswith(mark)), None)


def _count_characters(head: bytes, *, complete: bool) -> tuple[int, int]:
    """How many characters beyond ASCII there are in `head` as UTF-8, and how many bytes that mean nothing."""
    text = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head, final=complete)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    bad = int(np.count_nonzero((codes >= _SURROGATES) & (codes < _SURROGATES + 256)))
    return int(np.count_nonzero(codes > 0x7F)) - bad, bad
