"""The ROS package `lbzf`: built by colcon (ament_python) and installed in place by `./lbzf`."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = (
    Path(__file__).resolve().parent
)  # colcon --symlink-install runs a link to this file from its build folder
NODES = (
    "camera_driver",
    "detector",
    "roi_associator",
    "cycle_tracker",
    "recorder",
    "persistence",
    "annotator",
)


def requirements() -> list[str]:
    """What requirements/runtime.in lists, without its comments."""
    lines = (ROOT / "requirements" / "runtime.in").read_text("utf-8").splitlines()
    return [name for line in lines if (name := line.partition("#")[0].strip())]


EXTRAS = {
    # One a detector backend; onnxruntime-gpu and NVIDIA's own builds provide the same package (docs/detectors.md).
    "onnx": ["onnxruntime"],
    "tensorrt": ["tensorrt>=8.6", "onnxruntime"],
    "ultralytics": ["ultralytics"],  # AGPL-3.0
    "recorded": ["rosbags"],  # for detections in a bag; MOT files need nothing
}


def shared_files() -> list[tuple[str, list[str]]]:
    """Everything in launch/, config/ and db/ goes to share/lbzf, in the same folders."""
    files = [
        path.relative_to(ROOT)
        for name in ("launch", "config", "db")
        for path in sorted((ROOT / name).rglob("*"))
    ]
    wanted = [path for path in files if (ROOT / path).is_file() and "__pycache__" not in path.parts]
    folders = sorted({path.parent for path in wanted})
    return [
        (f"share/lbzf/{folder}", [str(path) for path in wanted if path.parent == folder])
        for folder in folders
    ]


setup(
    name="lbzf",
    version="0.1.0",
    description="Measures work cycles at the stations of a production line by camera.",
    license="Apache-2.0",
    maintainer="LBZF maintainers",
    maintainer_email="maintainers@lbzf.example",
    python_requires=">=3.10,<3.14",
    install_requires=requirements(),
    extras_require=EXTRAS,
    packages=find_packages(include=["lbzf_ros", "lbzf_ros.*", "web_bridge", "web_bridge.*"]),
    package_data={
        "web_bridge": [
            "dashboard/*",
            "dashboard/**/*",
            "pages/templates/*",
            "access/pages/**/*",
            "access/pages/*",
        ],
        "lbzf_ros.chaos": ["*.c"],
    },
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/lbzf"]),
        ("share/lbzf", ["package.xml"]),
        *shared_files(),
    ],
    zip_safe=False,
    entry_points={
        "console_scripts": [
            "lbzf = lbzf_ros.cli:main",
            "web_bridge = web_bridge.bridge_node:main",
            "player = lbzf_ros.bags.player:main",
            *(f"{name} = lbzf_ros.nodes.{name}:main" for name in NODES),
        ]
    },
)
