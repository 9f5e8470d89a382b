"""Passwords of cameras: refused in clear, never repeated, taken from the environment or from a private file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lbzf_ros.config import load_plant
from lbzf_ros.config.schema import Camera
from lbzf_ros.config.secrets import Credentials, hidden, holds_secret, notes_hold_secret, read_credentials
from lbzf_ros.core.errors import ConfigError
from test.config.test_load import CAMERA, changed, written

SECRET = "hunter2"

IN_CLEAR = [
    "rtsp://user:hunter2@host/x",
    "rtsp://:hunter2@host/",
    "rtsp://user:hunter2@host:554/a@2x",
    "rtsp://user%3Ahunter2@host/",
    "rtsp://user:h%75nter2@host",
    "rtsp://user:%2568unter2@host",
    "rtsp://user:hunter2${REST}@host",
    "rtsp://user:hun@ter2@host/",
    "rtsp://user:hun/ter2@host",
    "rtsp://user:hun?ter2@host",
    "rtsp://user:#hunter2@host",
    "rtsp://user:12/3hunter2@host",
    "rtsp://host/x?password=hunter2",
    "rtsp://host/x?user=a&pwd=hunter2",
    "rtsp://host/x?userpassword=hunter2",
    "rtsp://host/x?password=_hunter2",
    "rtsp://host/x?password=${P}hunter2",
    "rtsp://host/x?Token=hunter2",
    "rtsp://host/x?t%6Fken=hunter2",
    "rtsp://host/x?api_key=hunter2",
    "rtsp://host/x?clave=hunter2",
    "rtsp://host/user=admin_password=hunter2_channel=1_stream=0.sdp",
    "user:hunter2@host/x",
    "rtsp:user:hunter2@host",
    "rtsp:/user:hunter2@host/x",
]
WITHOUT = [
    "rtsp://host/x",
    "rtsp://host:554/x",
    "rtsp://viewer@host/x",
    "rtsp://viewer:${P}@host:554/x",
    "rtsp://viewer:${P}@host:554/a@2x",
    "rtsp://${U}:${P}@host/?a=b",
    "rtsp://host/x?password=${P}&stream=1",
    "rtsp://host/user=${U}_password=${P}_channel=1_stream=0.sdp",
    "rtsp://[fe80::1]:554/live",
    "rtsp://host/cam/realmonitor?channel=1&subtype=1",
    "rtsp://host/?keyframe=1",
    "simulator:seed=22",
    "/srv/video/compass: one.mp4",
]


@pytest.mark.parametrize("source", IN_CLEAR)
def test_a_password_in_clear_is_found_and_never_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    assert holds_secret(source)
    for name in ("P", "REST"):
        monkeypatch.setenv(name, "x")
    places = ["source", "notes"] if source.startswith("rtsp:") else ["source"]  # notes may have any a:b@c
    for data in [changed(((*CAMERA, place), source)) for place in places]:
        with pytest.raises(ConfigError) as error:
            load_plant(written(tmp_path, data))
        assert "holds a password" in str(error.value)
        assert "hun" not in str(error.value).replace(str(tmp_path), "")


@pytest.mark.parametrize("source", WITHOUT)
def test_what_holds_no_password_is_let_through(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    for name in ("U", "P"):
        monkeypatch.setenv(name, "x")
    assert Camera(label="cam1", source=source).source == source


def test_the_message_says_what_to_write_instead(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_plant(written(tmp_path, changed(((*CAMERA, "source"), IN_CLEAR[0]))))
    for word in ("modules.0.cameras.0.source", "${VARIABLE}", "credentials_file"):
        assert word in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"modules": "rtsp://u:hunter2@h"}, id="wrong-type"),
        pytest.param(
            {"modules": [{"cameras": [{"label": 1, "source": "rtsp://u:hunter2@h"}]}]}, id="wrong-label"
        ),
        pytest.param({"modules": [{"cameras": ["rtsp://u:hunter2@h"]}]}, id="no-mapping"),
        pytest.param({"modules": [{"rtsp://u:hunter2@h": 1}]}, id="other-keys-missing"),
        pytest.param({"rtsp_url": "rtsp://u:hunter2@h"}, id="unknown-setting"),
    ],
)
def test_no_other_error_of_a_plant_file_repeats_it(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "plant.yaml"
    path.write_text(yaml.safe_dump(content), "utf-8")
    with pytest.raises(ConfigError) as error:
        load_plant(path)
    if "rtsp" in str(error.value):  # as the name of a setting, which is looked at as it is
        assert "is no setting" in str(error.value)
    else:
        assert SECRET not in str(error.value)


def test_a_line_that_is_no_yaml_is_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "plant.yaml"
    path.write_text("modules:\n  - source: rtsp://u:hunter2@h: x\n", "utf-8")
    with pytest.raises(ConfigError, match=r"line 2, column \d+") as error:
        load_plant(path)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("notes", "is_secret"),
    [
        ("clave: hunter2", True),
        ("contraseña=hunter2", True),
        ("rtsp://u:hunter2@h", True),
        ("Simulada: puestos 1 a 3", False),
        ("preguntar: jefe@planta.example", False),
    ],
)
def test_notes_hold_no_password_either(notes: str, is_secret: bool) -> None:
    assert notes_hold_secret(notes) is is_secret


def test_what_may_hold_a_password_is_hidden_whole() -> None:
    assert hidden("{'a': 'rtsp://u:my hunter2@h'}") == "…"
    assert hidden("[0, 700]") == "[0, 700]"


# ---- the credentials file


def secret_file(folder: Path, text: str = "user=viewer\npassword=hun/ter@2\n", mode: int = 0o600) -> Path:
    path = folder / "cam1.secret"
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


def test_a_credentials_file_goes_into_the_url_and_nowhere_else(tmp_path: Path) -> None:
    secret_file(tmp_path)
    changes = (
        ((*CAMERA, "source"), "rtsp://10.0.0.5:554/sub"),
        ((*CAMERA, "credentials_file"), "cam1.secret"),
    )
    camera = load_plant(written(tmp_path, changed(*changes))).cameras[0]
    assert camera.resolved_source == "rtsp://viewer:hun%2Fter%402@10.0.0.5:554/sub"
    assert camera.source == "rtsp://10.0.0.5:554/sub"
    assert camera.credentials_file == str(tmp_path / "cam1.secret")
    assert "hun" not in repr(camera)
    assert "hun" not in repr(read_credentials(tmp_path / "cam1.secret"))


def test_comments_empty_lines_and_a_byte_order_mark_are_allowed(tmp_path: Path) -> None:
    path = secret_file(tmp_path, "\ufeff# cam1\r\n\r\nuser = viewer\r\npassword=a=b # c\r\n")
    assert read_credentials(path) == Credentials("viewer", "a=b # c")


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666])
def test_a_file_that_everybody_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = secret_file(tmp_path, mode=mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_credentials(path)
    changes = (((*CAMERA, "source"), "rtsp://h/x"), ((*CAMERA, "credentials_file"), str(path)))
    with pytest.raises(ConfigError, match="chmod 600"):
        load_plant(written(tmp_path, changed(*changes)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hunter2\n", "line 1"),
        ("user=a\npassword=hunter2\npasword=hunter2\n", "line 3"),
        ("user=a\nuser=b\npassword=hunter2", "line 2"),
        ("user=hunter2\n", "has no password"),
        ("password=hunter2\n", "has no user"),
        ("", "no user and no password"),
    ],
)
def test_a_file_of_another_form_is_refused_without_showing_it(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as error:
        read_credentials(secret_file(tmp_path, text))
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    ("source", "file", "says"),
    [
        ("rtsp://h/x", "absent.secret", "No such file"),
        ("rtsp://h/x", ".", "is no file"),
        ("rtsp://u@h/x", "cam1.secret", "without a user"),
        ("simulator:seed=1", "cam1.secret", "goes with a source such as"),
    ],
)
def test_a_credentials_file_that_cannot_be_used_is_said(
    tmp_path: Path, source: str, file: str, says: str
) -> None:
    secret_file(tmp_path)
    changes = (((*CAMERA, "source"), source), ((*CAMERA, "credentials_file"), file))
    with pytest.raises(ConfigError, match=says):
        load_plant(written(tmp_path, changed(*changes)))
