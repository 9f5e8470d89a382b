"""Take one picture from a camera of a plant: `python -m lbzf_ros.doctor.one_picture PLANT CAMERA`.

The last line says its size; or what is wrong, with exit status 1. No line holds a password.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from lbzf_ros.config.load import load_plant
from lbzf_ros.core.errors import LbzfError


def main() -> None:
    """Take it."""
    try:
        print(_taken(Path(sys.argv[1]), sys.argv[2]), flush=True)
    except LbzfError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        sys.exit(1)


def _taken(plant_file: Path, label: str) -> str:
    from lbzf_ros.video.sources import open_source  # decodes: only where a picture is wanted

    plant = load_plant(plant_file)
    camera = next(camera for camera in plant.cameras if camera.label == label)
    with tempfile.TemporaryDirectory(prefix="lbzf-doctor-") as scratch:
        source = open_source(plant, camera, Path(scratch), clock_ns=time.time_ns, live=True)
        frame = next(iter(source.frames()), None)
    if frame is None:
        print("has no picture in it", file=sys.stderr)
        sys.exit(1)
    height, width = frame.image_bgr.shape[:2]
    kind = camera.source.partition(":")[0] if ":" in camera.source else "file"
    return f"{kind}: gives a picture, looked at with {width}x{height} px"


if __name__ == "__main__":
    main()
