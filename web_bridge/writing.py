"""What people enter: one transaction of one person, which a repeated request does not make twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, HTTPException, Request
from sqlalchemy import Connection
from starlette.responses import Response

from lbzf_ros.core.errors import InvalidValue
from lbzf_ros.store.engine import transaction
from lbzf_ros.store.people import idempotency
from lbzf_ros.store.people.audit import Actor
from lbzf_ros.store.people.errors import Conflict
from web_bridge.context import Context
from web_bridge.database import Database
from web_bridge.errors import answers
from web_bridge.schemas.base import Schema

T = TypeVar("T", bound=Schema)
MAX_KEY = 200

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=MAX_KEY,
        pattern=r"^[\x21-\x7e]+$",
        description="Any text that is new for each entry, e.g. a UUID. A request that is sent again with the same key "
        "and body is not entered twice and gets the same answer; with another body it gets 422.",
        examples=["0b9c6c1e-5a5f-4a57-9a53-2f7a1f7b5f0d"],
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One request that writes: who, when, what exactly."""

    database: Database
    actor: Actor
    now_ns: int
    asked: idempotency.Asked | None
    """None: the request has no idempotency key."""

    def answer(
        self,
        doing: str,
        work: Callable[[Connection, Actor, int], T],
        *,
        status: int = 200,
        afterwards: Callable[[T], T] | None = None,
    ) -> Response:
        """Do the work in a transaction and answer with what it gives; or with what it gave the last time.

        Args:
            doing: what is done, in words, for messages.
            work: gets the connection, who and the time (ns); changes rows, and reads what is answered.
            status: of the answer.
            afterwards: what the answer can only say when the transaction is committed; not kept for a repetition.

        Raises:
            InvalidValue: the entry cannot be, or the key was used with another body.
            StoreError: the database refused, or is busy for too long; nothing has changed.
        """
        with transaction(self.database.writing, doing) as connection:
            if known := self._answered(connection):
                return _json(known.status, known.response, again=True)
            made = work(connection, self.actor, self.now_ns)
            body = made.model_dump_json()
            if self.asked is not None:
                idempotency.remember(connection, self.asked, status=status, response=body, now_ns=self.now_ns)
        return _json(status, body if afterwards is None else afterwards(made).model_dump_json())

    def _answered(self, connection: Connection) -> idempotency.Answer | None:
        if self.asked is None:
            return None
        try:
            return idempotency.answered(connection, self.asked)
        except Conflict as error:
            # The draft of the header says 422 here; 409 would say that the first request is still running.
            raise InvalidValue(str(error), error.cause, **error.params) from None


def _json(status: int, body: str, *, again: bool = False) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"Idempotency-Replayed": "true"} if again else {})
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def actor_of(request: Request) -> Actor:
    """Who makes a request, as the audit log names them."""
    identity = getattr(request.state, "identity", None)
    if identity is None or identity.role is None:
        raise HTTPException(403, "nobody is signed in who may do that")
    return Actor(identity.name, str(identity.role.value), request.state.request_id)


async def _writing(request: Request, key: IdempotencyKey = None) -> Writing:
    context: Context = request.app.state.context
    actor = actor_of(request)
    asked = None
    if key is not None:
        body = await request.body()
        route = f"{request.method} {request.url.path}"
        asked = idempotency.Asked(actor=actor.name, key=key, route=route, body=body)
    database: Database = request.app.state.database
    return Writing(database=database, actor=actor, now_ns=context.clock_ns(), asked=asked)


Writer = Annotated[Writing, Depends(_writing)]


def writes(model: type[Schema], *, status: int = 200) -> dict[str, Any]:
    """What the decorator of a route that writes says about its answers."""
    return {"response_model": model, "status_code": status, "responses": answers(404, 409)}
