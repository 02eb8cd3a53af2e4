"""The contract between server and page: `python -m viewer.server.contract FILE` writes it as OpenAPI."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fastapi import FastAPI

from viewer.server import calibrating, checking, fitting, reviewing
from viewer.server.api import router


def openapi_json() -> str:
    """The API as OpenAPI 3.1, the same text for the same API."""
    app = FastAPI(title="Boxwright", version="1")
    app.include_router(router)
    app.include_router(calibrating.router)
    app.include_router(checking.router)
    app.include_router(fitting.router)
    app.include_router(reviewing.router)
    return json.dumps(app.openapi(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(openapi_json(), encoding="utf-8")
