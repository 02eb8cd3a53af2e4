"""Run the server until it is stopped."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

import uvicorn

from calibration.errors import ServerError
from labeling.kernels import compile_kernels
from labeling.project import Project
from viewer.server.app import create_app
from viewer.server.security import Access

DEFAULT_PORT = 8300
_LOOPBACK = "127.0.0.1"


def serve(project: Project, port: int, announce: Callable[[str], None], token: str | None = None) -> None:
    """Serve on the loopback interface; `announce` gets the address with the token once the port is ours.

    port 0 takes any free one. Raises ServerError if the port is in use.
    """
    listener = _listen(port)
    port = listener.getsockname()[1]
    hosts = frozenset(f"{name}:{port}" for name in (_LOOPBACK, "localhost"))
    access = Access(token, hosts) if token else Access.fresh(hosts)
    app = create_app(project, access)
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, date_header=False)
    threading.Thread(target=compile_kernels, daemon=True).start()
    announce(f"http://{_LOOPBACK}:{port}/?token={access.token}")
    uvicorn.Server(config).run(sockets=[listener])


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_LOOPBACK, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ServerError(f"port {port} cannot be used ({error.strerror})", do="choose another with --port") from error
    return listener
