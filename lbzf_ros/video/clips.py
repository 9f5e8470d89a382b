"""A clip out of recorded video, cut without encoding: it begins with the key frame before what was asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from lbzf_ros.core.errors import SourceError
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.disk import partial_of
from lbzf_ros.video import mp4

_AVCC, _NAL_SIZE_BYTES = 1, 4
_EARLIER_S = 1.0


@dataclass(frozen=True, slots=True)
class Clip:
    """What a clip holds.

    Attributes:
        start_ns: capture time of its first picture; up to a key frame's distance before what was asked for.
        end_ns: of its last picture.
        recorded_ns: how much of what was asked for is in it.
    """

    start_ns: int
    end_ns: int
    recorded_ns: int


@dataclass(frozen=True, slots=True)
class _Piece:
    path: Path
    start_ns: int
    end_ns: int


def cut(data: Path, paths: Sequence[str], from_ns: int, to_ns: int, target: Path) -> Clip | None:
    """Write a clip, as a file that plays while it is loaded.

    Args:
        data: the data folder.
        paths: the segments that may hold it, relative to it, in the order of time.
        from_ns: capture time from which it is wanted.
        to_ns: until when.
        target: the file to write; it is whole or not there.

    Returns:
        What is in it; None: nothing of it is in these files, and there is no clip.

    Raises:
        SourceError: a file cannot be read, or the clip cannot be written.
    """
    pieces = [piece for path in paths if (piece := _piece(data / path, from_ns, to_ns))]
    if not pieces:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with partial_of(target, durable=False) as partial:
            return _write(pieces, from_ns, to_ns, partial)
    except (av.FFmpegError, OSError) as error:
        raise SourceError(f"clip of {pieces[0].path.name}: cannot be cut: {error.strerror}") from None


def _piece(path: Path, from_ns: int, to_ns: int) -> _Piece | None:
    """Where in a file what is wanted begins (a key frame) and ends; None: there is nothing of it."""
    try:
        with mp4.undecoded(path) as container:
            start_ns = mp4.start_of(path, container)
            if start_ns is None:
                return None
            first_ns, last_ns, any_ns = None, None, None
            for at_ns, packet in _packets(container, start_ns, from_ns):
                if at_ns > to_ns:
                    break
                if packet.is_keyframe and (at_ns <= from_ns or first_ns is None):
                    first_ns = at_ns
                if at_ns >= from_ns:
                    any_ns = at_ns
                last_ns = at_ns
    except (av.FFmpegError, OSError):
        return None
    if first_ns is None or last_ns is None or any_ns is None:
        return None
    return _Piece(path, first_ns, last_ns)


def _packets(container: Any, start_ns: int, from_ns: int) -> Iterator[tuple[int, Any]]:
    """Those of a file that began at `start_ns`, from a key frame before `from_ns` on, if there is one."""
    stream = container.streams.video[0]
    # Some earlier: pictures may be shown in another order than they are stored.
    if (ahead_s := (from_ns - start_ns) / NS_PER_S - _EARLIER_S) > 0:
        with contextlib.suppress(av.FFmpegError):  # then all of it is read
            container.seek(round(ahead_s / stream.time_base), stream=stream)
    # Whole numbers: arithmetic with fractions would take longer than reading the packets.
    tick_ns: Fraction = stream.time_base * NS_PER_S
    numerator, denominator = tick_ns.as_integer_ratio()
    try:
        for packet in container.demux(stream):
            if packet.pts is not None and packet.size:
                yield start_ns + (2 * packet.pts * numerator + denominator) // (2 * denominator), packet
    except av.FFmpegError:
        return  # the end of a file that was cut off or is still being written


def _write(pieces: Sequence[_Piece], from_ns: int, to_ns: int, target: Path) -> Clip:
    begin_ns, end_ns, recorded_ns = pieces[0].start_ns, pieces[0].start_ns, 0
    with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as output:
        stream: Any = None
        first_sets, last_ticks = b"", -1
        for piece in pieces:
            with mp4.undecoded(piece.path) as container:
                source = container.streams.video[0]
                start_ns = mp4.start_of(piece.path, container)
                assert start_ns is not None
                sets = bytes(source.codec_context.extradata or b"")
                if stream is None:
                    stream = output.add_stream_from_template(source)
                    stream.time_base, first_sets = mp4.TIME_BASE, sets
                # Another file may have other parameter sets: they come with its key frames then.
                prefix = b"" if sets == first_sets else _in_band(sets)
                for at_ns, packet in _packets(container, start_ns, piece.start_ns):
                    if at_ns < piece.start_ns:
                        continue
                    if at_ns > piece.end_ns:
                        break
                    copy = (
                        av.Packet(prefix + bytes(packet)) if packet.is_keyframe else av.Packet(bytes(packet))
                    )
                    ahead = packet.pts - (packet.pts if packet.dts is None else packet.dts)
                    last_ticks = max(
                        mp4.ticks(at_ns, begin_ns) - mp4.ticks(_ns(ahead, source), 0), last_ticks + 1
                    )
                    copy.stream, copy.time_base, copy.dts = stream, mp4.TIME_BASE, last_ticks
                    copy.pts = max(mp4.ticks(at_ns, begin_ns), last_ticks)
                    copy.is_keyframe = packet.is_keyframe
                    output.mux(copy)
            end_ns = max(end_ns, piece.end_ns)
            recorded_ns += max(0, min(piece.end_ns, to_ns) - max(piece.start_ns, from_ns))
    return Clip(begin_ns, end_ns, recorded_ns)


def _ns(ticks: int, stream: Any) -> int:
    base: Fraction = stream.time_base
    return round(ticks * base * NS_PER_S)


def _in_band(avcc: bytes) -> bytes:
    """The parameter sets of an `avcC` box as they stand in a picture's data: each with its length before it."""
    if len(avcc) < 7 or avcc[0] != _AVCC:
        return b""
    units, at = b"", 5
    for mask in (0x1F, 0xFF):
        count, at = avcc[at] & mask, at + 1
        for _ in range(count):
            length = int.from_bytes(avcc[at : at + 2], "big")
            units += length.to_bytes(_NAL_SIZE_BYTES, "big") + avcc[at + 2 : at + 2 + length]
            at += 2 + length
    return units
