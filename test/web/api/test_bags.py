"""Bags to take away: listed, whole, in parts, while they grow; and nothing else of the disk."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from test.web.access.people import access, with_access
from test.web.factory import Line
from test.web.serve import serving
from test.web.test_errors import assert_problem

NAME, FILE = "20260715_110000", "20260715_110000_0.mcap"
CONTENT = os.urandom(300_000)
URL = f"/api/v1/bags/{NAME}/{FILE}"


@pytest.fixture
def bag(line: Line) -> Path:
    """A bag as `lbzf record` leaves it, an older one that was recovered, and what is none."""
    folder = line.data / "bags" / NAME
    older = line.data / "bags" / "20260714_110000"
    for one in (folder, older, line.data / "bags" / "not a bag"):
        one.mkdir(parents=True)
    (folder / FILE).write_bytes(CONTENT)
    (folder / "metadata.yaml").write_text("rosbag2_bagfile_information: {}\n", "utf-8")
    (folder / "notes.txt").write_text("somebody's", "utf-8")
    (older / "20260714_110000_0.mcap.damaged").write_bytes(b"x")
    return folder


def test_they_are_listed_with_size_and_date(client: TestClient, bag: Path) -> None:
    page = client.get("/api/v1/bags", params={"limit": 1}).json()
    assert [(one["name"], one["size_bytes"]) for one in page["items"]] == [(NAME, len(CONTENT) + 32)]
    assert [one["name"] for one in page["items"][0]["files"]] == [FILE, "metadata.yaml"]
    rest = client.get("/api/v1/bags", params={"after": page["next_after"]}).json()
    assert ([one["name"] for one in rest["items"]], rest["next_after"]) == (["20260714_110000"], None)
    shown = client.get("/admin").text
    assert f'href="{URL}"' in shown
    assert "notes.txt" not in shown


def test_a_file_comes_whole_or_in_parts_and_is_not_compressed(client: TestClient, bag: Path) -> None:
    whole = client.get(URL, headers={"Accept-Encoding": "gzip"})
    assert (whole.content, "content-encoding" in whole.headers) == (CONTENT, False)
    assert whole.headers["content-disposition"] == f'attachment; filename="{FILE}"'
    part = client.get(URL, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, CONTENT[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(CONTENT)}"
    rest = client.get(URL, headers={"Range": "bytes=299990-"})  # a download that goes on where it broke off
    assert (rest.status_code, rest.content) == (206, CONTENT[299_990:])
    assert client.get(URL, headers={"Range": "bytes=900000-"}).status_code == 416
    assert client.get(URL.replace("_0.mcap", "_9.mcap")).status_code == 404


def test_one_that_is_being_recorded_comes_as_far_as_it_was(line: Line, bag: Path, tmp_path: Path) -> None:
    """Over a real connection: a byte more than was announced would break it."""
    ended, begun = threading.Event(), threading.Event()

    def record() -> None:
        with (bag / FILE).open("ab") as file:
            while not ended.is_set():
                file.write(b"more" * 5_000)
                file.flush()
                begun.set()
                ended.wait(0.002)

    recording = threading.Thread(target=record)
    recording.start()
    try:
        begun.wait(20)
        with serving(with_access(line, access(tmp_path / "access"))) as server:
            for _ in range(5):
                answer = httpx.get(f"{server.url}{URL}", timeout=60)
                assert len(answer.content) == int(answer.headers["content-length"]) > len(CONTENT)
                assert answer.content.startswith(CONTENT)
    finally:
        ended.set()
        recording.join()


@pytest.mark.parametrize("bad", ["%2e%2e", ".hidden", "not%20a%20bag", "a%2f..%2f..", "a%00"])
def test_no_name_leads_elsewhere(client: TestClient, line: Line, bag: Path, bad: str) -> None:
    for path in (
        f"/api/v1/bags/{bad}/metadata.yaml",
        f"/api/v1/bags/{NAME}/{bad}",
        f"/api/v1/bags/{NAME}/{bad}.mcap",
    ):
        answer = client.get(path)
        assert answer.status_code in (404, 422), path
        assert_problem(answer, answer.status_code)


def test_a_link_leads_nowhere(client: TestClient, line: Line, bag: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mcap"
    secret.write_bytes(b"secret")
    (bag / "link.mcap").symlink_to(secret)
    (line.data / "bags" / "elsewhere").symlink_to(tmp_path)
    assert_problem(client.get(f"/api/v1/bags/{NAME}/link.mcap"), 404)
    assert_problem(client.get("/api/v1/bags/elsewhere/secret.mcap"), 404)
