"""`lbzf record` by itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import yaml

from test.bags.recorded import command, plant
from test.support.ros import DOMAIN_ID


def test_it_ends_in_order_though_nobody_reads_what_it_says(tmp_path: Path) -> None:
    plant_file, bag = tmp_path / "plant.yaml", tmp_path / "bag"
    plant_file.write_text(yaml.safe_dump(plant()), "utf-8")
    words = command("record", "--plant", plant_file, "--out", bag, "--seconds", "2")
    environment = {**os.environ, "ROS_DOMAIN_ID": str(DOMAIN_ID)}
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        assert "Recording into" in process.stderr.readline()
        process.stderr.close()
        assert process.wait(60) == 0
