"""A generation of continuous copies: a full copy of the database (the base), and numbered pieces of what came after.

`backups/continuous/<generation>/base.db.zst`, `base.json`, `00000001.zst`, … Each piece holds the pages that changed
since the one before it, and says where in SQLite's log it begins and ends, so a missing one is noticed.
"""

from __future__ import annotations

import io
import json
import os
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import zstandard

from lbzf_ros.core.errors import StoreError
from lbzf_ros.disk import partial_of, write_whole
from lbzf_ros.store.keeping.backup import moment, read_facts
from lbzf_ros.store.keeping.packing import Progress, pack, silent, unpack
from lbzf_ros.store.keeping.snapshot import Facts
from lbzf_ros.store.keeping.wal import Pages, Position

CONTINUOUS = "continuous"
"""Folder of the generations, in the folder of the backups."""
_BASE = "base.db.zst"
_NOTE = "base.json"
_PIECE_ENDING = ".zst"
_PAGE_NUMBER = struct.Struct(">I")
_FORMAT = 1
_MOST_HEAD_BYTES = 4096
_PIECE_LEVEL = 1
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """What one step kept.

    Attributes:
        path: of the file.
        number: from 1.
        at_ns: when the step began; it holds everything that was committed until then.
        after: where the piece before it (or the base) ends.
        until: where it ends.
        page_size: bytes.
        database_pages: length of the database after it.
        commits: transactions in it.
    """

    path: Path
    number: int
    at_ns: int
    after: Position
    until: Position
    page_size: int
    database_pages: int
    commits: int


@dataclass(frozen=True, slots=True)
class Generation:
    """A base and where its pieces begin. It has a base as soon as it can be listed."""

    folder: Path
    at_ns: int
    start: Position
    database_bytes: int
    sha256: str
    facts: Facts

    def pieces(self) -> list[Piece]:
        """Its pieces in order; one that does not continue the one before it ends the list."""
        found: list[Piece] = []
        end = self.start
        for number, path in enumerate(self.piece_files(), start=1):
            piece = read_piece(path)
            if piece is None or piece.number != number or piece.after != end:
                break
            found.append(piece)
            end = piece.until
        return found

    def pieces_until(self, at_ns: int) -> list[Piece]:
        """Its first pieces: all up to the last one that was begun by then. Clocks may have been set back between."""
        pieces = self.pieces()
        count = max((piece.number for piece in pieces if piece.at_ns <= at_ns), default=0)
        return pieces[:count]

    def piece_files(self) -> list[Path]:
        """Files of its pieces, in order."""
        return sorted(
            path for path in self.folder.glob(f"????????{_PIECE_ENDING}") if path.name[:8].isdigit()
        )

    def size_bytes(self) -> int:
        """Room that it takes."""
        return sum(path.stat().st_size for path in self.folder.iterdir())

    def write_piece(self, number: int, at_ns: int, after: Position, until: Position, pages: Pages) -> Path:
        """Keep the next piece; when this returns it is on the disk.

        Raises:
            OSError: it cannot be written.
        """
        head = {
            "format": _FORMAT,
            "number": number,
            "at_ns": at_ns,
            "after": asdict(after),
            "until": asdict(until),
            "page_size": pages.page_size,
            "database_pages": pages.database_pages,
            "commits": pages.commits,
            "pages": len(pages.frames),
        }
        path = self.folder / f"{number:08}{_PIECE_ENDING}"
        compressor = zstandard.ZstdCompressor(level=_PIECE_LEVEL, write_checksum=True)
        with (
            partial_of(path) as partial,
            partial.open("wb") as file,
            compressor.stream_writer(file) as out,
        ):
            out.write(json.dumps(head).encode() + b"\n")
            for page, content in pages.content():
                out.write(_PAGE_NUMBER.pack(page) + content)
        return path

    def restore(self, target: Path, pieces: list[Piece], progress: Progress = silent) -> None:
        """Write the database as it was after the last of these pieces, which are the first of this generation.

        Raises:
            StoreError: the base or a piece is damaged.
            OSError: the disk is full.
        """
        digest = unpack(self.folder / _BASE, target, progress=progress, total=self.database_bytes)
        if digest != self.sha256:
            raise StoreError(f"{self.folder / _BASE}: is not what was written; choose another backup.")
        with target.open("r+b") as database:
            for done, piece in enumerate(pieces):
                progress("applying what came after", done, len(pieces))
                _apply(piece, database.fileno())
            os.fsync(database.fileno())


def new_generation(
    folder: Path, raw: Path, *, at_ns: int, start: Position, facts: Facts, level: int, progress: Progress
) -> Generation:
    """Make a generation from a checked copy of the database. It counts when its note is written, which is last.

    Args:
        folder: new folder of the generation, with `raw` in it.
        raw: the copy; it is removed.
        at_ns: whose state it is.
        start: the same as a position in the log.
        facts: what it holds.
        level: of compression.
        progress: shown on the way.

    Raises:
        StoreError: it could not be read back.
        OSError: the disk is full.
    """
    database_bytes = raw.stat().st_size
    digest = pack(raw, folder / _BASE, level=level, progress=progress)
    raw.unlink()
    note = {
        "format": _FORMAT,
        "at_ns": at_ns,
        "start": asdict(start),
        "database_bytes": database_bytes,
        "sha256": digest,
        "facts": asdict(facts),
    }
    write_whole(folder / _NOTE, json.dumps(note, indent=1).encode())
    return Generation(folder, at_ns, start, database_bytes, digest, facts)


def folder_name(at_ns: int) -> str:
    """Name of a generation that begins then: in order of time, and never twice."""
    return f"{moment(at_ns):%Y%m%d-%H%M%S}-{os.urandom(4).hex()}"


def list_generations(folder: Path) -> list[Generation]:
    """The whole generations below `backups/continuous`, oldest first."""
    found = [_read_generation(path) for path in sorted(folder.glob("*-*-*")) if path.is_dir()]
    return sorted((generation for generation in found if generation), key=lambda generation: generation.at_ns)


def read_piece(path: Path) -> Piece | None:
    """What a piece says about itself; None: it is damaged or of another version."""
    try:
        with path.open("rb") as file:
            reader = zstandard.ZstdDecompressor().stream_reader(file)
            head = json.loads(reader.read(_MOST_HEAD_BYTES).split(b"\n", 1)[0])
        if head["format"] != _FORMAT:
            return None
        return Piece(
            path,
            head["number"],
            head["at_ns"],
            _position(head["after"]),
            _position(head["until"]),
            head["page_size"],
            head["database_pages"],
            head["commits"],
        )
    except (OSError, ValueError, KeyError, TypeError, zstandard.ZstdError):
        return None


def _apply(piece: Piece, database: int) -> None:
    try:
        with piece.path.open("rb") as file:
            packed = zstandard.ZstdDecompressor().stream_reader(file)
            reader = io.BufferedReader(packed, _BUFFER_BYTES)
            pages = json.loads(reader.readline())["pages"]
            for _ in range(pages):
                (page,) = _PAGE_NUMBER.unpack(reader.read(_PAGE_NUMBER.size))
                content = reader.read(piece.page_size)
                if len(content) != piece.page_size:
                    raise ValueError("it is cut off")
                os.pwrite(database, content, (page - 1) * piece.page_size)
            reader.read(1)  # to the end: there stands its checksum
    except (zstandard.ZstdError, ValueError, struct.error) as error:
        raise StoreError(f"{piece.path}: is damaged ({error}); choose an earlier time.") from error
    os.ftruncate(database, piece.database_pages * piece.page_size)


def _read_generation(folder: Path) -> Generation | None:
    try:
        note = json.loads((folder / _NOTE).read_text("utf-8"))
        if note["format"] != _FORMAT or not (folder / _BASE).exists():
            return None
        return Generation(
            folder,
            note["at_ns"],
            _position(note["start"]),
            note["database_bytes"],
            note["sha256"],
            read_facts(note["facts"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _position(content: dict[str, Any]) -> Position:
    salts, checksum = content["salts"], content["checksum"]
    return Position((salts[0], salts[1]), content["frame"], (checksum[0], checksum[1]))
