#!/usr/bin/env python3
"""Stands for the LBZF in a release: preparing a real one takes minutes. Its database, lock and page are real.

The file `broken` beside it says what does not work: prepare, check, migrate, start, unwell.
"""

import fcntl
import http.server
import json
import os
import socket
import sqlite3
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VERSION = (ROOT / "lbzf_ros" / "__init__.py").read_text().split('"')[1]
BROKEN = (ROOT / "broken").read_text().strip()


def option(name: str, default: str = "") -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


def version(database: sqlite3.Connection) -> int:
    database.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER)")
    row = database.execute("SELECT version FROM schema_version").fetchone()
    return int(row[0]) if row else 0


def apply(database: sqlite3.Connection, script: Path, number: int) -> None:
    row = f"DELETE FROM schema_version; INSERT INTO schema_version VALUES ({number});"
    database.executescript(f"BEGIN; {script.read_text()} {row} COMMIT;")


def migrate(database: sqlite3.Connection) -> None:
    for script in sorted((ROOT / "db" / "migrations").glob("*.sql")):
        number = int(script.name.split("_")[0])
        if ".rollback" in script.name or number <= version(database):
            continue
        if BROKEN == "migrate" and number == 3:
            sys.exit("this migration fails")
        apply(database, script, number)


def undo(database: sqlite3.Connection) -> None:
    number = version(database)
    (script,) = (ROOT / "db" / "migrations").glob(f"{number:04}_*.rollback.sql")
    apply(database, script, number - 1)


def up(data: Path) -> None:
    (data / "run").mkdir(exist_ok=True)
    with (data / "run" / "up.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with sqlite3.connect(data / "lbzf.db") as database:
            database.execute("PRAGMA journal_mode = WAL")
            migrate(database)
            database.execute("INSERT INTO cycles (who) VALUES (?)", (VERSION,))
        tell_systemd()
        serve(int(option("--port", "5000")))


def tell_systemd() -> None:
    if address := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.sendto(b"READY=1", address)


def serve(port: int) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503 if BROKEN == "unwell" else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"software_version": VERSION, "missing": ["detector"]}).encode())

        def log_message(self, *_: object) -> None:
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if {"--version": "prepare", "check": "check", "up": "start"}.get(sys.argv[1]) == BROKEN:
    sys.exit(f"{BROKEN} does not work in {VERSION}")
if sys.argv[1] == "--version":
    print(VERSION)
elif sys.argv[1] == "up":
    up(Path(option("--data")))
elif sys.argv[1] == "db":
    path = Path(option("--data"), "lbzf.db")
    with sqlite3.connect(path) as opened:
        {"migrate": migrate, "rollback": undo}[sys.argv[2]](opened)
