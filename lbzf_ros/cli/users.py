"""`lbzf users …`: people, their roles, and the accounts of this machine. Nothing here needs a network."""

from __future__ import annotations

import sys
import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lbzf_ros.cli.options import DATA, PLANT
from lbzf_ros.core.errors import ConfigError, InvalidValue

if TYPE_CHECKING:
    from web_bridge.access.accounts import Accounts
    from web_bridge.access.roles import Person

users = typer.Typer(
    name="users",
    no_args_is_help=True,
    help="People, their roles, and the accounts of this machine (docs/access.md). Works without a network, while the "
    "page runs; a change is in force within seconds.",
)


class RoleName(str, Enum):
    """What can be given."""

    admin = "admin"
    engineer = "engineer"
    executive = "executive"
    none = "none"


_NAME = typer.Argument(..., help="E-mail, or the name of an account.")
_ROLE = typer.Option(..., "--role", help="What the person may do; none: known, and sees nothing.")
_MODULES = typer.Option(None, "--module", help="Only this module; may be repeated.", show_default="all")
_STDIN = typer.Option(False, "--password-stdin", help="Read the password from standard input, one line.")


@users.command("list")
def list_users(data: Path = DATA, plant: Path | None = PLANT) -> None:
    """Show who has which role, and who has an account here. Changes nothing."""
    from web_bridge.access.roles_edit import read

    file = _roles_file(data, plant)
    people, accounts = read(file)[1], _accounts(data)
    with_account = set(accounts.names()) if (data / "access.db").is_file() else set()
    table = Table("name", "role", "modules", "account here")
    for name in sorted({*people, *with_account}):
        person = people.get(name)
        modules = "all" if person is None or person.modules is None else ", ".join(person.modules)
        role = "no role: sees nothing" if person is None else person.role
        table.add_row(*map(Text, (name, role, modules, "yes" if name in with_account else "–")))
    console = Console()
    console.print(table)
    console.print(Text(f"Roles: {file}"))


@users.command()
def add(
    name: str = _NAME,
    role: RoleName = _ROLE,
    module: list[str] | None = _MODULES,
    local: bool = typer.Option(False, "--local", help="Also an account here; asks for its password."),
    password_stdin: bool = _STDIN,
    data: Path = DATA,
    plant: Path | None = PLANT,
) -> None:
    """Give a new person a role; with --local also an account of this machine."""
    file = _roles_file(data, plant)
    before, after = _person(file, name), _new(role, module)
    if before is not None:
        raise InvalidValue(f"{name} is in {file} already, as {before.role}; use: lbzf users role {name} ROLE")
    if local or password_stdin:
        _set_password(data, name, from_stdin=password_stdin)
    _change(data, file, name, before, after)
    typer.echo(f"{name}: {role.value}" + (", with an account here" if local or password_stdin else ""))


@users.command()
def role(
    name: str = _NAME,
    role: RoleName = typer.Argument(..., help="What the person may do from now on."),
    module: list[str] | None = _MODULES,
    data: Path = DATA,
    plant: Path | None = PLANT,
) -> None:
    """Change a person's role and modules."""
    file = _roles_file(data, plant)
    before, after = _person(file, name), _new(role, module)
    if before is None and not (data / "access.db").is_file():
        raise InvalidValue(f"{name} is not in {file}; use: lbzf users add {name} --role {role.value}")
    _change(data, file, name, before, after)
    typer.echo(f"{name}: {role.value}")


@users.command()
def password(name: str = _NAME, password_stdin: bool = _STDIN, data: Path = DATA) -> None:
    """Set the password of an account of this machine; makes the account if there is none. Signs the person out."""
    _set_password(data, name, from_stdin=password_stdin)
    typer.echo(f"{name}: the password is set; whoever was signed in with the old one is signed out")


@users.command("sign-out")
def sign_out(name: str = _NAME, data: Path = DATA) -> None:
    """End every session of an account, on every device."""
    accounts = _accounts(data)
    if not accounts.has(name):
        raise InvalidValue(f"{name} has no account here; lbzf users list shows who has")
    count = accounts.sign_out_everywhere(name)
    _note(data, name, "user.sign_out", {"sessions": count}, None)
    typer.echo(f"{name}: {count} session(s) ended")


@users.command()
def remove(name: str = _NAME, data: Path = DATA, plant: Path | None = PLANT) -> None:
    """Take a person's role, account and sessions away."""
    file = _roles_file(data, plant)
    before = _person(file, name)
    had_account = (data / "access.db").is_file() and _accounts(data).remove(name)
    if before is None and not had_account:
        raise InvalidValue(f"{name} has neither a role in {file} nor an account here")
    _change(data, file, name, before, None)
    typer.echo(f"{name}: gone")


def _roles_file(data: Path, plant: Path | None) -> Path:
    from lbzf_ros.cli.plant_file import plant_of

    return data / plant_of(data, plant)[1].web.access.roles_file


def _accounts(data: Path) -> Accounts:
    from web_bridge.access.accounts import Accounts

    return Accounts(data)


def _person(file: Path, name: str) -> Person | None:
    from web_bridge.access.accounts import check_name
    from web_bridge.access.roles_edit import read

    return read(file)[1].get(check_name(name))


def _new(role: RoleName, modules: list[str] | None) -> Person:
    from pydantic import ValidationError

    from web_bridge.access.roles import Person

    try:
        return Person(role=role.value, modules=modules or None)
    except ValidationError:
        raise ConfigError(f"--module {modules}: must be module codes, e.g. ANGELA") from None


def _change(data: Path, file: Path, name: str, before: Person | None, after: Person | None) -> None:
    from web_bridge.access.roles_edit import read, with_person, write

    if before is not None or after is not None:
        write(file, with_person(read(file)[0], name, after))
    _note(data, name, "user.role", _values(before), _values(after))


def _values(person: Person | None) -> dict[str, object] | None:
    return None if person is None else {"role": person.role, "modules": person.modules}


def _set_password(data: Path, name: str, *, from_stdin: bool) -> None:
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    else:
        given = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    _accounts(data).set_password(name, given)
    _note(data, name, "user.password", None, {"changed": True})


def _note(
    data: Path, name: str, action: str, before: dict[str, object] | None, after: dict[str, object] | None
) -> None:
    """A row in the audit log: who may what is part of what people change."""
    from lbzf_ros.cli.entering import entering
    from lbzf_ros.store.engine import transaction
    from lbzf_ros.store.people.audit import record
    from web_bridge.access.roles import key

    with entering(data) as (engine, actor), transaction(engine, f"note {action}") as connection:
        record(
            connection,
            actor,
            now_ns=time.time_ns(),
            action=action,
            subject=f"users/{key(name)}",
            before=before,
            after=after,
        )
