"""Where inputs come from and outputs go: URIs under the roots that the operator allowed, and nothing else.

file:// and s3:// are opened through pyarrow.fs. A root's URI may carry pyarrow's options for its filesystem
(`s3://bucket/in?region=eu-central-1&endpoint_override=…`); a caller's may not, nor a host, a user or a fragment.
Links are followed before the check, each time that something is opened. Whoever can swap directories inside a
root while it is read is trusted: a root is the operator's own.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote_to_bytes, urlsplit

import pyarrow as pa
from pyarrow import fs

from waypost.server.durable import sync
from waypost.server.errors import ConfigError, FieldViolation, InvalidArgument

_SCHEMES = ("file", "s3")
#: Files that are being written; never the name of a result.
_UNFINISHED = ".waypost-"
_COPY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Identity:
    """What an input was when it was looked at; another one under a running job is another input.

    `mtime` counts nanoseconds since the epoch; `etag` is the store's, of a local file its device and inode.
    """

    size_bytes: int
    mtime: int
    etag: str


@dataclass(frozen=True, slots=True)
class Root:
    """A place that the operator allowed: everything below `path` (of S3 "bucket/prefix") in one filesystem."""

    uri: str
    scheme: str
    path: str
    filesystem: fs.FileSystem

    @classmethod
    def parse(cls, uri: str) -> Root:
        """The root of a URI. Raises ConfigError."""
        parts = urlsplit(uri)
        scheme = parts.scheme
        # Keys and secrets in user and options are for the filesystem only; no message shows them.
        shown = f"{scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        if scheme not in _SCHEMES:
            raise ConfigError(f"the root {shown} has no scheme that is known; allowed: file:// and s3://")
        try:
            filesystem, path = fs.FileSystem.from_uri(uri)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise ConfigError(f"the root {shown} cannot be used: {str(error).replace(uri, shown)}") from error
        if scheme == "file":
            path = os.path.realpath(path)
            if not Path(path).is_dir():
                raise ConfigError(f"the root {shown} is no directory")
        return cls(f"{scheme}://{path}", scheme, path.rstrip("/"), filesystem)

    def holds(self, path: str) -> bool:
        """Whether `path` is below this root."""
        return path.startswith(self.path + "/")


@dataclass(frozen=True, slots=True)
class InputLocation:
    """A file to read, found to be below `root`."""

    uri: str
    root: Root
    path: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name

    def open_stream(self) -> pa.NativeFile:
        """The bytes as they are stored, front to back. Raises OSError, and InvalidArgument where there is no file."""
        return self.root.filesystem.open_input_stream(self._checked(), compression=None)

    def open_file(self) -> pa.NativeFile:
        """The bytes with random access. Raises as `open_stream`."""
        return self.root.filesystem.open_input_file(self._checked())

    def identify(self) -> Identity:
        """What the file is now. Raises InvalidArgument where there is none, OSError where that cannot be told."""
        path = self._checked()
        if self.root.scheme == "file":
            found = Path(path).stat()
            return Identity(found.st_size, found.st_mtime_ns, f"{found.st_dev}-{found.st_ino}")
        info = self.root.filesystem.get_file_info(path)
        if info.type is not fs.FileType.File:
            raise self._missing()
        with self.root.filesystem.open_input_stream(path, compression=None) as stream:
            etag = (stream.metadata() or {}).get("ETag", b"")
        return Identity(info.size, info.mtime_ns or 0, etag.decode("latin-1").strip('"'))

    def _checked(self) -> str:
        path = _below(self.root, self.uri, self.path, "input.uri")
        # Anything but a regular file could block a reader for ever.
        if self.root.scheme == "file" and not Path(path).is_file():
            raise self._missing()
        return path

    def _missing(self) -> InvalidArgument:
        return InvalidArgument([FieldViolation("input.uri", self.uri, "a file that exists and can be read")])


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes into a folder that others write into too. Of two with one name the greater `token` is the later."""

    name: str
    token: int = 0


#: Of a folder that one writer has for itself.
NOBODY_ELSE = Writer("server")


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """A folder to write to; `staging` is a local directory for what is on its way to an object store.

    Unfinished files bear the names of their `writer`, who removes no others than its own and those before it.
    """

    uri: str
    root: Root
    path: str
    staging: Path
    writer: Writer = NOBODY_ELSE

    @property
    def place(self) -> str:
        """What is the same for every URI that names this folder."""
        return f"{self.root.scheme}://{self.path}"

    def create(self, name: str) -> UnfinishedFile:
        """A file that has no name yet. Raises OSError where nothing can be written."""
        if self.root.scheme == "file":
            folder = Path(_below(self.root, self.uri, self.path, "output.uri"))
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = self.staging
        return UnfinishedFile(self, name, folder / f"{self._unfinished}{self.writer.token}-{secrets.token_hex(8)}")

    def size_of(self, name: str) -> int | None:
        """The size of the file of that name in bytes; None where there is none. Raises OSError."""
        info = self.root.filesystem.get_file_info(f"{self.path}/{name}")
        return info.size if info.type is fs.FileType.File else None

    def digest_of(self, name: str) -> str:
        """The SHA-256 of the file of that name in hexadecimal. Raises OSError."""
        digest = hashlib.sha256()
        with self.root.filesystem.open_input_stream(f"{self.path}/{name}", compression=None) as stream:
            while data := stream.read(_COPY_BYTES):
                digest.update(data)
        return digest.hexdigest()

    def discard_unfinished(self) -> None:
        """Removes what writers of the same name left that were killed; the writer itself may not be writing."""
        for folder in {Path(self.path) if self.root.scheme == "file" else self.staging, self.staging}:
            for left in folder.glob(f"{self._unfinished}*"):
                token = left.name.removeprefix(self._unfinished).partition("-")[0]
                if token.isdecimal() and int(token) <= self.writer.token:
                    left.unlink(missing_ok=True)

    @property
    def _unfinished(self) -> str:
        return f"{_UNFINISHED}{self.writer.name}-"


class UnfinishedFile:
    """A file being written, that is put in place whole or not at all."""

    def __init__(self, folder: OutputFolder, name: str, unfinished: Path) -> None:
        self.name = name
        self._folder = folder
        self._path = unfinished
        self.stream: BinaryIO = unfinished.open("xb")

    def fill_from(self, source: Path) -> None:
        """Makes the bytes of a finished local file those of this one, without a copy where one disk has both.

        Nobody may change `source` afterwards. Raises OSError.
        """
        linked = self._path.with_name(f"{self._path.name}-link")
        try:
            os.link(source, linked)
        except OSError:
            with source.open("rb") as stream:
                shutil.copyfileobj(stream, self.stream, _COPY_BYTES)
        else:
            self.stream.close()
            linked.replace(self._path)
            self.stream = self._path.open("rb+")

    def put_in_place(self, *, durable: bool = True) -> None:
        """Gives the file its name, replacing one that has it. Raises OSError; there is then no new file.

        Not `durable`: it survives the death of any process, but a loss of power may undo it.
        """
        self.stream.flush()
        if durable:
            os.fsync(self.stream.fileno())
        self.stream.close()
        folder = self._folder
        if folder.root.scheme == "file":
            self._path.replace(Path(folder.path) / self.name)
            # Of two names of one file none is taken away: a finished part that is put in place once more.
            self._path.unlink(missing_ok=True)
            if durable:
                sync(Path(folder.path))
        else:
            self._upload()
            self._path.unlink()

    def discard(self) -> None:
        """Removes what was written."""
        self.stream.close()
        self._path.unlink(missing_ok=True)

    def _upload(self) -> None:
        """Writes the object. Its parts become an object at the end only, and the store has its name until then.

        An upload cannot be given up half-way through Arrow (closing completes it), which is why nothing but the
        store itself can fail here: the bytes come from a finished local file.
        """
        key = f"{self._folder.path}/{self.name}"
        with self._path.open("rb") as source, self._folder.root.filesystem.open_output_stream(key) as target:
            shutil.copyfileobj(source, target, _COPY_BYTES)


def resolve_input(uri: str, roots: Sequence[Root]) -> InputLocation:
    """The file that `uri` names. Raises InvalidArgument naming `input.uri`, its value and what is allowed."""
    root, path = _resolve(uri, roots, "input.uri")
    return InputLocation(uri, root, path)


def resolve_output(uri: str, roots: Sequence[Root], staging: Path, writer: Writer = NOBODY_ELSE) -> OutputFolder:
    """The folder that `uri` names; it need not exist yet. Raises InvalidArgument naming `output.uri`."""
    root, path = _resolve(uri, roots, "output.uri", folder=True)
    return OutputFolder(uri, root, path, staging, writer)


def local_folder(path: Path, writer: Writer = NOBODY_ELSE) -> OutputFolder:
    """A folder of the server's own, which no caller named; it must exist."""
    real = str(path.resolve(strict=True))
    root = Root(f"file://{real}", "file", str(Path(real).parent).rstrip("/"), fs.LocalFileSystem())
    return OutputFolder(f"file://{real}", root, real, path, writer)


def sync_files(paths: Collection[Path]) -> None:
    """Makes files that others have written, and their names, last through a loss of power. Raises OSError."""
    for path in paths:
        sync(path)
    for folder in {path.parent for path in paths}:
        sync(folder)


def _resolve(uri: str, roots: Sequence[Root], field: str, *, folder: bool = False) -> tuple[Root, str]:
    allowed = _allowed(roots)
    path = _path_of(uri, folder)
    if path is None:
        raise InvalidArgument([FieldViolation(field, uri, allowed)])
    scheme = urlsplit(uri).scheme.lower()
    if scheme == "file":
        path = os.path.realpath(path)
    matching = [root for root in roots if root.scheme == scheme and root.holds(path)]
    if not matching:
        raise InvalidArgument([FieldViolation(field, uri, allowed)])
    return max(matching, key=lambda root: len(root.path)), path


def _path_of(uri: str, folder: bool) -> str | None:
    """The path that `uri` names, decoded once; None where it is none of ours or tries to be another one."""
    if any(character.isspace() or not character.isprintable() for character in uri) or "\\" in uri:
        return None
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme.lower() not in _SCHEMES or "?" in uri or "#" in uri or not parts.path.startswith("/"):
        return None
    raw = parts.path[1:].removesuffix("/") if folder else parts.path[1:]
    try:
        segments = [unquote_to_bytes(segment).decode() for segment in raw.split("/")]
    except UnicodeDecodeError:
        return None
    if any(segment in ("", ".", "..") or set(segment) & set("/\\\0") for segment in segments):
        return None
    if parts.scheme.lower() == "file":
        return None if parts.netloc.lower() not in ("", "localhost") else "/" + "/".join(segments)
    if not parts.netloc or set(parts.netloc) & set("@:%"):
        return None
    return "/".join([parts.netloc, *segments])


def _below(root: Root, uri: str, path: str, field: str) -> str:
    """`path` once more, in case that a link has been laid since it was resolved."""
    real = os.path.realpath(path) if root.scheme == "file" else path
    if not root.holds(real):
        raise InvalidArgument([FieldViolation(field, uri, f"a path below {root.uri}")])
    return real


def _allowed(roots: Sequence[Root]) -> str:
    if not roots:
        return "none: the operator allowed no root for URIs"
    shown = ", ".join(sorted(root.uri + "/" for root in roots))
    return f"a URI without '.', '..', '\\', user, query and fragment, below one of {shown}"
