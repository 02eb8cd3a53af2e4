"""Who may talk to the server: the holder of its token or of a person's own, from a page that this server served."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from labeling.review import LOCAL, People, Person

_REMEMBERED_S = 2.0  # a person who was removed is out after this
MAX_BODY_BYTES = 32 * 1024 * 1024

PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    "object-src 'none'"
)
# The Rerun widget runs in a sandboxed frame of an origin of its own; it may load itself and reach nothing else.
FRAME_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'unsafe-inline'; "
    "img-src blob: data:; font-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Access:
    """The token, and the addresses under which the server is known (`127.0.0.1:8080`)."""

    token: str
    hosts: frozenset[str]

    @staticmethod
    def fresh(hosts: frozenset[str]) -> Access:
        """With a new random token."""
        return Access(secrets.token_urlsafe(24), hosts)

    def knows_host(self, headers: Headers) -> bool:
        """A name that another site made to point here (DNS rebinding) is not one of ours."""
        return headers.get("host", "") in self.hosts

    def knows_origin(self, headers: Headers) -> bool:
        """A browser names the page that asks; other programs name none."""
        origin = headers.get("origin")
        return origin is None or origin.removeprefix("http://") in self.hosts

    def is_its_token(self, token: str) -> bool:
        """Compared in constant time."""
        return secrets.compare_digest(token.encode(), self.token.encode())


class SecurityMiddleware:
    """Checks before anything else, and headers on everything that goes out."""

    def __init__(self, app: ASGIApp, access: Access, people: People) -> None:
        self._app = app
        self._access = access
        self._people = people
        self._known: dict[str, tuple[float, Person]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refusal = await self._refusal(request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        public_code = scope["path"].startswith("/rerun/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_headers(public_code)]
            await send(message)

        await self._app(scope, receive, send_with_headers)

    async def _refusal(self, request: Request) -> Response | None:
        path = request.url.path
        if not self._access.knows_host(request.headers):
            return _refuse(421, "this server is not known under that name")
        if not path.startswith("/rerun/") and not self._access.knows_origin(request.headers):
            return _refuse(403, "requests from other sites are refused")
        if path.startswith("/api/"):
            person = await self._person(request)
            if person is None:
                return _refuse(401, "the token is missing or wrong; open the address that the server printed")
            request.state.person = person
        if int(request.headers.get("content-length") or 0) > MAX_BODY_BYTES:
            return _refuse(413, "the request is too large")
        return None

    async def _person(self, request: Request) -> Person | None:
        """Who asks: whoever holds the server's own token is its owner; others have tokens of their own."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        if self._access.is_its_token(token):
            return LOCAL
        asked_s, known = self._known.get(token, (0.0, None))
        if known is not None and time.monotonic() - asked_s < _REMEMBERED_S:
            return known
        person = await run_in_threadpool(self._people.with_token, token)
        self._known = {} if person is None else {**self._known, token: (time.monotonic(), person)}
        return person


def _refuse(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status_code=status)


def _headers(public_code: bool) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-security-policy", (FRAME_POLICY if public_code else PAGE_POLICY).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]
    if public_code:
        headers += [(b"access-control-allow-origin", b"*"), (b"cross-origin-resource-policy", b"cross-origin")]
    else:
        headers.append((b"cross-origin-resource-policy", b"same-origin"))
    return headers
