"""A project served by a process of its own, whose memory can be asked for."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

from benchmarks.report import MissingPeerError
from labeling.project import Project

_TOKEN = "token-of-the-benchmark"
_ROOT = Path(__file__).parent.parent
_SCRIPT = (
    "import sys; from pathlib import Path\n"
    "from labeling.project import Project; from viewer.server import serve\n"
    "serve(Project.open(Path(sys.argv[1])), int(sys.argv[2]), lambda address: None, token=sys.argv[3])"
)
_MEGABYTE = 1e6


class ServedProject:
    """A context manager: the server runs inside of it."""

    def __init__(self, project: Project) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._address = f"http://127.0.0.1:{free.getsockname()[1]}"
            port = str(free.getsockname()[1])
        command = [sys.executable, "-c", _SCRIPT, str(project.root), port, _TOKEN]
        self._process = subprocess.Popen(command, cwd=_ROOT)

    def __enter__(self) -> ServedProject:
        end = time.monotonic() + 60.0
        while time.monotonic() < end:
            try:
                self.get("/api/health")
                return self
            except urllib.error.URLError:
                time.sleep(0.1)
        raise MissingPeerError("the server does not answer")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def page(self, recording: str) -> str:
        """The address of the page with one recording open."""
        return f"{self._address}/?token={_TOKEN}&recording={recording}"

    def get(self, path: str) -> bytes:
        """The body of an answer."""
        request = urllib.request.Request(self._address + path, headers={"authorization": f"Bearer {_TOKEN}"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            body: bytes = answer.read()
        return body

    def peak_mb(self) -> float:
        """Largest resident memory so far. Raises MissingPeerError where the system does not keep it for us."""
        status = Path(f"/proc/{self._process.pid}/status")
        if not status.is_file():
            raise MissingPeerError("the server's memory is measured on Linux only")
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / _MEGABYTE
