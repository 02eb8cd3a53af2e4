"""Files that anybody may have: the page's code, and Rerun's widget out of the installed wheel."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

from calibration.errors import ServerError

_PAGE = Path(__file__).parent.parent / "web" / "dist"
_WIDGET_FILES = {"widget.js": "text/javascript", "re_viewer_bg.wasm": "application/wasm"}


def widget_folder() -> Path:
    """Where the rerun-notebook wheel keeps its front-end; found without importing it, which could start a server."""
    spec = find_spec("rerun_notebook")
    if spec is None or spec.origin is None:
        raise ServerError("rerun-notebook is not installed", do="pip install boxwright again")
    return Path(spec.origin).parent / "static"


def page_folder() -> Path:
    """Where the built page lies. Raises ServerError in a checkout whose page was never built."""
    if not (_PAGE / "index.html").is_file():
        raise ServerError("the page is not built", do="run `make install` in the checkout", where=_PAGE)
    return _PAGE


def mount_assets(app: FastAPI) -> None:
    """Serve the page at / and the widget at /rerun."""
    page, widget = page_folder(), widget_folder()

    def widget_file(name: str, media_type: str) -> None:
        @app.get(f"/rerun/{name}", include_in_schema=False)
        def file() -> FileResponse:
            return FileResponse(widget / name, media_type=media_type)

    for name, media_type in _WIDGET_FILES.items():
        widget_file(name, media_type)
    app.mount("/", StaticFiles(directory=page, html=True), name="page")
