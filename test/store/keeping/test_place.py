"""The second place: it gets what it lacks, and its failure is only said."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lbzf_ros.config.keeping import BackupSettings
from lbzf_ros.core.model import NS_PER_S
from lbzf_ros.store.keeping.backup import Backup, back_up, list_backups
from lbzf_ros.store.keeping.place import send_missing
from lbzf_ros.store.keeping.status import BACKUPS, alarms, backup_status
from test.store.examples import MORNING_NS

SETTINGS = BackupSettings()
ZONE = "America/Bogota"
DAY_NS = 86_400 * NS_PER_S


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / BACKUPS


def make(database: Path, now_ns: int = MORNING_NS, settings: BackupSettings = SETTINGS) -> Backup:
    return back_up(database, database.parent / BACKUPS, settings, zone=ZONE, now_ns=now_ns)


class TestSecondPlace:
    def send(self, folder: Path, place: str, **changes: float) -> str:
        settings = BackupSettings(second_place=place, **changes)  # type: ignore[arg-type]  # of one kind each
        return send_missing(folder, settings, zone=ZONE, now_ns=MORNING_NS).error

    def test_a_folder_gets_what_it_lacks(self, database: Path, folder: Path, tmp_path: Path) -> None:
        place = tmp_path / "usb"
        first = make(database)
        assert "is its disk mounted?" in self.send(folder, str(place))
        assert not place.exists()
        status = backup_status(tmp_path)
        assert status.second_place.missing == 0
        settings = BackupSettings(second_place=str(place))
        assert any("second place failed" in line for line in alarms(status, settings, now_ns=MORNING_NS))
        place.mkdir()
        second = make(database, MORNING_NS + DAY_NS)
        assert self.send(folder, str(place)) == ""
        for backup in (first, second):
            assert (place / backup.path.name).read_bytes() == backup.path.read_bytes()
        assert [backup.facts for backup in list_backups(place)] == [second.facts, first.facts]
        assert alarms(backup_status(tmp_path), settings, now_ns=MORNING_NS + DAY_NS + 1)[1:] == ()

    def test_a_command_gets_each_file_once_and_again_after_a_failure(
        self, database: Path, folder: Path, tmp_path: Path
    ) -> None:
        place, broken = tmp_path / "far away", tmp_path / "broken"
        place.mkdir()
        broken.touch()
        script = tmp_path / "send.sh"
        fails = f"[ -e {broken} ] && {{ echo no route >&2; exit 7; }}"
        copies = f'cp "$1" "$2" && echo "$1" >> {tmp_path}/sent'
        script.write_text(f"#!/bin/sh\n{fails}\n{copies}\n")
        script.chmod(0o755)
        command = f"{script} {{file}} '{place}/{{name}}'"
        made = make(database)
        assert "send.sh ended with 7: no route" in self.send(folder, command)
        assert backup_status(tmp_path).second_place.missing == 1
        broken.unlink()
        for _ in range(2):
            assert self.send(folder, command) == ""
        assert (place / made.path.name).read_bytes() == made.path.read_bytes()
        assert len((tmp_path / "sent").read_text().splitlines()) == 2  # the backup and its note
        assert backup_status(tmp_path).second_place.missing == 0

    def test_a_command_that_hangs_is_ended_with_what_it_started(
        self, database: Path, folder: Path, tmp_path: Path
    ) -> None:
        make(database)
        script = tmp_path / "hang.sh"
        script.write_text(f"#!/bin/sh\nsleep 300 &\necho $! > {tmp_path}/pid\nwait\n")
        script.chmod(0o755)
        assert "took longer than 1 s" in self.send(folder, f"{script} {{file}}", second_place_timeout_s=1.0)
        pid = int((tmp_path / "pid").read_text())
        until_s = time.monotonic() + 5
        while is_running(pid):
            assert time.monotonic() < until_s
            time.sleep(0.01)

    def test_a_program_that_is_not_there(self, database: Path, folder: Path) -> None:
        make(database)
        assert "there is no program nosuchprogram" in self.send(folder, "nosuchprogram {file}")

    def test_a_command_without_the_file_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"needs \{file\}"):
            BackupSettings(second_place="rsync -a host:/place/")


def is_running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
