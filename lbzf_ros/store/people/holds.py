"""Pieces of video that must not go, because somebody still needs them."""

from __future__ import annotations

from enum import Enum

from sqlalchemy import Connection, text

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.checks import notes_text, short_text, shown, span_text, time_text
from lbzf_ros.store.people.entry import Bind, entry
from lbzf_ros.store.people.errors import Conflict, NotThere


class HoldKind(str, Enum):
    """Who needs the video: a job that reads it, or a label that somebody is still to give."""

    JOB = "job"
    LABEL = "label"


_CAMERA = "SELECT id FROM cameras WHERE label = :label ORDER BY status = 'inactive', id DESC LIMIT 1"


def hold_video(
    bind: Bind,
    actor: Actor,
    *,
    now_ns: int,
    camera: str,
    start_ns: int,
    end_ns: int,
    kind: str,
    reason: str,
) -> int:
    """Keep the video of a span until it is released; gives the row id.

    Args:
        bind: where to write.
        actor: who needs it.
        now_ns: current time.
        camera: label; also of one that is no longer in the plant.
        start_ns: first capture time that is needed.
        end_ns: last one.
        kind: a value of `HoldKind`.
        reason: for whoever wonders why the disk is full.

    Raises:
        InvalidValue: a time, a text or the kind cannot be.
        NotThere: no such camera.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "hold video") as making:
        time_text(end_ns, "hold: end")
        start, end = span_text(start_ns, end_ns, "hold")
        why = notes_text(reason, "hold: reason")
        if why is None:
            raise InvalidValue("hold: reason: is empty; say why the video is needed")
        values = {
            "camera_id": _camera_id(making.connection, camera),
            "start_ts": start,
            "end_ts": end,
            "kind": _kind(kind).value,
            "reason": why,
            "held_by": actor.name,
        }
        return int(making.insert("video.hold", "video_holds", values))


def release_video(bind: Bind, actor: Actor, *, now_ns: int, hold_id: int) -> None:
    """Held video may go when its time comes.

    Raises:
        NotThere: no such hold.
        Conflict: it was released already.
        StoreError: the database refused.
    """
    with entry(bind, actor, now_ns, "release video") as making:
        row = making.row("video_holds", hold_id, "hold")
        if row["released_at"] is not None:
            raise Conflict(f"hold {hold_id} was released at {row['released_at']} already")
        changes = {"released_at": time_text(now_ns, "hold")}
        making.update("video.release", "video_holds", hold_id, changes)


def _camera_id(connection: Connection, camera: object) -> int:
    label = short_text(camera, "camera")
    found = connection.execute(text(_CAMERA), {"label": label}).scalar()
    if found is None:
        known = connection.execute(
            text("SELECT DISTINCT label FROM cameras ORDER BY label LIMIT 50")
        ).scalars()
        raise NotThere(
            f"there is no camera {label!r}; the plant has {', '.join(known) or 'none'}", "camera_unknown"
        )
    return int(found)


def _kind(kind: object) -> HoldKind:
    try:
        return HoldKind(kind)
    except ValueError:
        allowed = ", ".join(known.value for known in HoldKind)
        raise InvalidValue(f"hold: kind {shown(kind)} is unknown; allowed are {allowed}") from None
