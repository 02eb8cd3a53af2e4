"""The application: routes, errors as one line, security around everything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.middleware import Middleware
from starlette.responses import JSONResponse

from calibration.errors import BoxwrightError, ConflictError, ForbiddenError, RecordingError
from labeling.project import Project
from viewer import __version__
from viewer.server import calibrating, checking, fitting, reviewing
from viewer.server.api import router
from viewer.server.assets import mount_assets
from viewer.server.schemas import Problem, TrackReply
from viewer.server.security import Access, SecurityMiddleware
from viewer.server.workspace import Workspace

_STATUS: tuple[tuple[type[BoxwrightError], int], ...] = (
    (ConflictError, 409),
    (ForbiddenError, 403),
    (RecordingError, 404),
    (BoxwrightError, 422),
)


def create_app(project: Project, access: Access, *, with_page: bool = True) -> FastAPI:
    """The application for one project. Raises ServerError if the page is wanted and was never built."""
    workspace = Workspace(project)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        workspace.close()

    app = FastAPI(
        title="Boxwright",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        middleware=[Middleware(SecurityMiddleware, access=access, people=workspace.people)],
    )
    app.state.workspace = workspace
    app.include_router(router)
    app.include_router(calibrating.router)
    app.include_router(checking.router)
    app.include_router(fitting.router)
    app.include_router(reviewing.router)
    app.add_exception_handler(BoxwrightError, _known_problem)
    app.add_exception_handler(RequestValidationError, _bad_request)
    if with_page:
        mount_assets(app)
    return app


def _known_problem(request: Request, error: Exception) -> JSONResponse:
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    tracks = _current(request, error) if isinstance(error, ConflictError) else []
    return JSONResponse(Problem(error=str(error), tracks=tracks).model_dump(mode="json"), status_code=status)


def _current(request: Request, error: ConflictError) -> list[TrackReply]:
    """The tracks that a conflict is about, as they are now."""
    workspace: Workspace = request.app.state.workspace
    _, versions = workspace.labels.versions(request.path_params["name"])
    return [TrackReply.of(versions[each]) for each in error.track_ids if each in versions]


def _bad_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return JSONResponse(Problem(error=f"{first['msg']}: {place}").model_dump(mode="json"), status_code=422)
