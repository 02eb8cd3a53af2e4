"""A served project and a real browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from labeling.formats import LABEL_FORMATS
from labeling.importing import import_labels
from labeling.project import Project
from tests.browser import FLAGS, find_browser
from tests.conftest import ROOT

TOKEN = "token-of-the-browser-test"


class Served:
    """A server process that a test may kill and start again on the same port with the same token."""

    def __init__(self, project: Project) -> None:
        self.project = project
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/?token={TOKEN}"

    def start(self) -> None:
        script = (
            "import sys; from pathlib import Path\n"
            "from labeling.project import Project; from viewer.server import serve\n"
            "serve(Project.open(Path(sys.argv[1])), int(sys.argv[2]), lambda address: None, token=sys.argv[3])"
        )
        command = [sys.executable, "-c", script, str(self.project.root), str(self.port), TOKEN]
        self._process = subprocess.Popen(command, cwd=ROOT)
        wait_for(self._answers, "the server does not answer", seconds=60)

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.address, timeout=2).read()
        except urllib.error.URLError:
            return False
        return True


def wait_for(condition: Callable[[], object], complaint: str, seconds: float = 30.0) -> None:
    """Poll until the condition holds; fail with the complaint."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(complaint)
        time.sleep(0.1)


def sample_project(folder: Path) -> Project:
    """The shipped synthetic street as a project."""
    project = Project.create(folder)
    project.recording_path("street").write_bytes((ROOT / "sample_data" / "street.h5").read_bytes())
    import_labels(project, "street", ROOT / "sample_data" / "street.tracks.json", LABEL_FORMATS["boxwright"])
    return project


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        message = "no Chromium or Chrome; install one or run `python -m tests.browser`"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    server = Served(sample_project(tmp_path / "project"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 860})
    page = context.new_page()
    page.goto(served.address)
    page.wait_for_selector("body[data-ready=true]", timeout=120_000)
    yield page
    context.close()
