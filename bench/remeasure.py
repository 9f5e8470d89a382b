"""`lbzf remeasure` on two cameras with two workers: how many times real time, and where it goes.

Two days of ten minutes are recorded first: the labelled footage (LBZF_VIDEO names the file), played again and again
on two cameras, and the demo plant's two simulated cameras, whose five stations are never empty for long. The whole
command is timed, start of Python, comparison and page included: for both cameras, a worker each, and for one of them
alone. CPU time says what an idle machine would take, when others work on this one meanwhile.

    LBZF_VIDEO=FILE .venv/bin/python -m bench.remeasure
    .venv/bin/python -m bench.remeasure --hours 4

Five to ten minutes. With --hours the simulated cameras alone are recorded, for so long, and both are measured in one
go: for 2 times 4 hours, the goal's 8 camera-hours, about three quarters of an hour. Exit status: 0 measured.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import yaml

from bench import report
from lbzf_ros.config.load import load_plant
from lbzf_ros.config.running import RecorderSettings
from lbzf_ros.config.schema import Plant
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.remeasure.recording import Piece, Wanted, pictures
from lbzf_ros.remeasure.state import new_pipeline, packed
from lbzf_ros.resources import resource_path
from lbzf_ros.store.engine import DATABASE_NAME, reading_engine, writing_engine
from lbzf_ros.store.migrate import migrate
from lbzf_ros.store.plant import roi_sets, sync_plant
from lbzf_ros.store.writer import EventWriter
from lbzf_ros.video.segments import SegmentWriter
from lbzf_ros.video.simulated import SimulatedSource
from lbzf_ros.video.sources import FileSource, Frame

BEGIN = dt.datetime(2026, 7, 15, 15, 0, tzinfo=dt.timezone.utc)
WORKERS = 2
RECORDED_S = 600.0
GOAL = 12.0
_PERIOD_NS = NS_PER_S // 5


def footage_plant(folder: Path) -> Path:
    """The footage's plant file with a second camera and station of the same."""
    plant = yaml.safe_load(resource_path("config", "station_visits.yaml").read_text("utf-8"))
    module = plant["modules"][0]
    camera, station = module["cameras"][0], module["workstations"][0]
    camera["source"] = os.environ["LBZF_VIDEO"]
    module["cameras"].append({**camera, "label": "cam2"})
    module["workstations"].append({**station, "code": "MESA_02", "camera": "cam2", "sequence_pos": 2})
    path = folder / "plant.yaml"
    path.write_text(yaml.safe_dump(plant), "utf-8")
    return path


def looped(plant: Plant, seconds: float) -> Iterator[Frame]:
    """The footage again and again, with stamps that go on."""
    camera = plant.cameras[0].model_copy(update={"start_time": BEGIN, "at_end": "loop"})
    return islice(FileSource(camera).frames(), round(seconds * 5))


def simulated(plant: Plant, number: int, data: Path, seconds: float = RECORDED_S) -> Iterator[Frame]:
    """What a simulated camera sees."""
    camera = plant.cameras[number].model_copy(update={"start_time": BEGIN})
    source = SimulatedSource(plant, camera, data / f"{number}.jsonl", clock_ns=time.time_ns, live=False)
    return islice(source.frames(), round(seconds * 5))


def record(data: Path, plant: Plant, number: int, frames: Iterator[Frame]) -> None:
    """Write pictures as the segments of a camera."""
    label = plant.cameras[number].label
    segments = SegmentWriter(label, data, RecorderSettings(), 5.0)
    closed = [segments.write(frame.image_bgr, frame.stamp_ns) for frame in frames]
    engine = writing_engine(data / DATABASE_NAME)
    for s in filter(None, (*closed, segments.close())):
        EventWriter(engine).write_segment(
            camera=label, path=s.path, start_ns=s.start_ns, end_ns=s.end_ns, frames=s.frames, codec=s.codec
        )
    engine.dispose()


def begin(data: Path, plant: Plant) -> None:
    """A data folder that knows the plant."""
    migrate(data / DATABASE_NAME, now_ns=time.time_ns())
    engine = writing_engine(data / DATABASE_NAME)
    sync_plant(engine, plant, now_ns=time.time_ns(), software_version="bench")
    engine.dispose()


def both_ways(data: Path, plant_file: Path) -> dict[str, object]:
    """Both cameras, and one alone."""
    return {
        "two_cameras": timed(data, plant_file, ["cam1", "cam2"]),
        "one_camera": timed(data, plant_file, ["cam1"]),
    }


def timed(data: Path, plant_file: Path, cameras: list[str], seconds: float = RECORDED_S) -> dict[str, object]:
    """Run the command on a recorded day of some cameras."""
    command = [sys.executable, "-m", "lbzf_ros.cli", "remeasure", f"{BEGIN:%Y-%m-%d}", "--data", str(data)]
    chosen = [word for camera in cameras for word in ("--camera", camera)]
    before, began_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [*command, "--plant", str(plant_file), "--workers", str(WORKERS), *chosen],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    took_s, after = time.perf_counter() - began_s, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    recorded_s = len(cameras) * seconds
    return {
        "camera_seconds": recorded_s,
        "took_s": round(took_s, 1),
        "cpu_s": round(cpu_s, 1),
        "times_real_time": round(recorded_s / took_s, 1),
        "times_real_time_by_cpu_of_two_cores": round(WORKERS * recorded_s / cpu_s, 1),
        "cpu_ms_a_picture": round(1000 * cpu_s / (recorded_s * 5), 2),
        "goal": GOAL,
    }


def steps(data: Path, plant: Plant) -> dict[str, float]:
    """CPU milliseconds a picture of reading alone and of everything, and of writing down what is remembered."""
    rois = roi_sets(plant)["cam1"]
    with reading_engine(data / DATABASE_NAME).connect() as connection:
        row = connection.exec_driver_sql("SELECT path, frames FROM video_segments ORDER BY path").first()
    assert row is not None
    start_ns = round(BEGIN.timestamp()) * NS_PER_S
    piece = Piece(row.path, start_ns, start_ns + row.frames * _PERIOD_NS, row.frames)
    wanted = Wanted(0, start_ns + 120 * NS_PER_S, 5.0, (rois.width_px, rois.height_px))
    began_s = time.process_time()
    frames = list(pictures(data, [piece], wanted, print))
    read_s = time.process_time() - began_s
    pipeline = new_pipeline(plant.detector, rois, plant.drift)
    began_s = time.process_time()
    for frame in frames:
        pipeline.update(frame.image_bgr, frame.stamp_ns)
    steps_s = time.process_time() - began_s
    began_s = time.process_time()
    state = packed(pipeline)
    packed_s = time.process_time() - began_s
    a_picture_s = (read_s + steps_s) / len(frames)
    return {
        "times_real_time_of_a_long_day_by_cpu_of_two_cores": round(WORKERS / (5 * a_picture_s), 1),
        "read_and_decode_ms": round(1000 * read_s / len(frames), 2),
        "all_steps_ms": round(1000 * steps_s / len(frames), 2),
        "state_written_ms_each_20_s": round(1000 * packed_s, 1),
        "state_mb": round(len(state or b"") / 1e6, 2),
    }


def in_one_go(hours: float) -> None:
    """Record so many hours of the simulated line with two cameras, and measure them again."""
    figures: dict[str, object] = {
        "hours": hours,
        "machine_load_before": [round(x, 1) for x in os.getloadavg()],
    }
    with tempfile.TemporaryDirectory() as folder:
        data, plant_file = Path(folder), resource_path("config", "plant.yaml")
        plant = load_plant(plant_file)
        begin(data, plant)
        for number in range(2):
            print(f"recording {hours:g} h of {plant.cameras[number].label}", flush=True)
            record(data, plant, number, simulated(plant, number, data, hours * 3600))
        figures |= timed(data, plant_file, ["cam1", "cam2"], hours * 3600)
        (measured,) = data.glob(f"remeasured/*/{DATABASE_NAME}")
        with reading_engine(measured).connect() as connection:
            figures["cycles"] = connection.exec_driver_sql("SELECT count(*) FROM cycle_events").scalar()
    figures["largest_process_mb"] = round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000)
    report.write("remeasure_in_one_go", figures)


def main() -> None:
    """Record both days, and measure them again."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, help="of each simulated camera, measured in one go")
    if hours := parser.parse_args().hours:
        in_one_go(hours)
        return
    figures: dict[str, object] = {
        "workers": WORKERS,
        "machine_load_before": [round(x, 1) for x in os.getloadavg()],
    }
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "footage"
        data.mkdir()
        plant_file = footage_plant(data)
        plant = load_plant(plant_file)
        begin(data, plant)
        for number in range(2):
            record(data, plant, number, looped(plant, RECORDED_S))
        figures["footage_768x432"] = both_ways(data, plant_file) | steps(data, plant)
    with tempfile.TemporaryDirectory() as folder:
        data, plant_file = Path(folder), resource_path("config", "plant.yaml")
        plant = load_plant(plant_file)
        begin(data, plant)
        for number in range(2):
            record(data, plant, number, simulated(plant, number, data))
        figures["simulated_640x480_5_stations"] = both_ways(data, plant_file) | steps(data, plant)
    report.write("remeasure", figures)


if __name__ == "__main__":
    main()
