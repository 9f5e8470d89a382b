"""The GPU, TensorRT and the model that they run. Only what the plant's detector needs can be wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lbzf_ros.config.schema import Plant
from lbzf_ros.doctor.finding import Finding, fine, unknown, warning, wrong
from lbzf_ros.doctor.subject import Answer, Subject

_GPU, _TENSORRT, _MODEL = "gpu", "tensorrt", "model"
_WITHIN_S = 60.0
_LEAST_TENSORRT = (8, 6)
_NETWORKS = ("onnx", "tensorrt", "ultralytics")

_GPU_PROBE = "from lbzf_ros.detectors.cuda import Cuda; print(Cuda().name)"
_TENSORRT_PROBE = "import tensorrt; print(tensorrt.__version__)"
_PROVIDERS_PROBE = (
    "import onnxruntime; print(onnxruntime.__version__, *onnxruntime.get_available_providers())"
)
_WANTED_PROVIDER = {"cuda": "CUDAExecutionProvider", "tensorrt": "TensorrtExecutionProvider"}


def check_gpu(subject: Subject) -> Iterator[Finding]:
    """Is there one that answers, and is one needed?"""
    answer = subject.python("-c", _GPU_PROBE, within_s=_WITHIN_S)
    needed = subject.plant is not None and _needs_gpu(subject.plant)
    if answer.status == 0:
        driver = _driver(subject)
        yield fine(_GPU, ", ".join(filter(None, [answer.out.strip().splitlines()[-1], driver])))
    elif subject.plant is None:
        yield unknown(
            _GPU,
            f"{_reason(answer)}; without a plant file it is not known whether one is needed",
            "correct the plant file",
        )
    elif not needed:
        yield fine(
            _GPU, f"none is needed by detector {subject.plant.detector.backend} (and none answers here)"
        )
    elif answer.status is None:
        yield unknown(
            _GPU, _reason(answer), "try again; a GPU that does not answer needs a restart of the machine"
        )
    else:
        advice = (
            "in a container: give it the GPU (runtime nvidia, compose.yaml); else install NVIDIA's driver, or choose "
            "a detector without a GPU (detector.backend, detector.network.provider)"
        )
        yield wrong(_GPU, _reason(answer), advice)


def check_tensorrt(subject: Subject) -> Iterator[Finding]:
    """Is it there and new enough, where it is needed? The same for onnxruntime's own use of it."""
    if subject.plant is None:
        yield unknown(
            _TENSORRT, "without a plant file it is not known whether it is needed", "correct the plant file"
        )
        return
    detector = subject.plant.detector
    if detector.backend == "tensorrt":
        yield _tensorrt(subject.python("-c", _TENSORRT_PROBE, within_s=_WITHIN_S))
    elif detector.backend == "onnx" and detector.network.provider in _WANTED_PROVIDER:
        wanted = _WANTED_PROVIDER[detector.network.provider]
        yield _provider(subject.python("-c", _PROVIDERS_PROBE, within_s=_WITHIN_S), wanted)
    else:
        yield fine(_TENSORRT, f"is not needed by detector {detector.backend}")


def check_model(subject: Subject) -> Iterator[Finding]:
    """Is the model's file there, and can an engine be kept?"""
    if subject.plant is None:
        yield unknown(
            _MODEL, "without a plant file it is not known which is needed", "correct the plant file"
        )
        return
    detector = subject.plant.detector
    if detector.backend not in _NETWORKS:
        yield fine(_MODEL, f"detector {detector.backend} needs none")
        return
    weights = Path(detector.network.weights)
    if not detector.network.weights or not weights.is_file():
        found = str(weights) if detector.network.weights else "no file is named"
        yield wrong(
            _MODEL, f"the model is not there: {found}", "put the file there, or set detector.network.weights"
        )
        return
    yield fine(_MODEL, f"{weights} ({weights.stat().st_size / 1e6:.1f} MB)")


def _needs_gpu(plant: Plant) -> bool:
    network = plant.detector.network
    return plant.detector.backend == "tensorrt" or (
        plant.detector.backend in _NETWORKS and network.provider != "cpu"
    )


def _tensorrt(answer: Answer) -> Finding:
    if answer.status is None:
        return unknown(_TENSORRT, f"could not be tried: {answer.last_line}", "try again")
    if answer.status != 0:
        advice = "on a Jetson use the container (docs/deploy.md); else .venv/bin/pip install 'lbzf[tensorrt]'"
        return wrong(_TENSORRT, f"cannot be used: {answer.last_line}", advice)
    version = answer.out.strip().splitlines()[-1]
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < _LEAST_TENSORRT:
        return wrong(_TENSORRT, f"{version} is older than 8.6", "install a newer JetPack or TensorRT")
    return fine(_TENSORRT, f"TensorRT {version}")


def _provider(answer: Answer, wanted: str) -> Finding:
    if answer.status is None:
        return unknown(_TENSORRT, f"could not be tried: {answer.last_line}", "try again")
    if answer.status != 0:
        return wrong(_TENSORRT, f"onnxruntime: {answer.last_line}", ".venv/bin/pip install onnxruntime-gpu")
    if wanted not in answer.out.split():
        advice = "install NVIDIA's build of onnxruntime, or set detector.network.provider to cpu"
        return warning(_TENSORRT, f"onnxruntime here has no {wanted}: the model runs on the CPU", advice)
    return fine(_TENSORRT, f"onnxruntime {answer.out.split()[0]} with {wanted}")


def _driver(subject: Subject) -> str:
    release = subject.read("etc/nv_tegra_release")
    if release:
        found = re.search(r"R(\d+).*?REVISION: ([\d.]+)", release)
        return f"L4T {found[1]}.{found[2]}" if found else "L4T"
    version = subject.read("proc/driver/nvidia/version") or ""
    found = re.search(r"(\d+\.\d+(?:\.\d+)?)", version)
    return f"driver {found[1]}" if found else ""


def _reason(answer: Answer) -> str:
    return answer.last_line.rpartition("DetectorError: ")[2]
