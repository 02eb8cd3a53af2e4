"""Checks that follow the labels while they are edited, in a thread of their own: nobody waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fusion.recording import Recording
from labeling.quality.case import Observed
from labeling.quality.checking import check_tracks
from labeling.quality.finding import Finding
from labeling.track import Track

Labels = Callable[[], tuple[int, Mapping[str, Track]]]
"""The newest labels, and their number, which is another one after every edit."""


@dataclass(slots=True)
class _Followed:
    observed: Observed
    labels: Labels
    number: int = -1
    findings: tuple[Finding, ...] = ()
    thread: threading.Thread | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Followed:
    """findings: as of some labels; fresh: whether those are the newest; failure: why there are none, in a line."""

    findings: tuple[Finding, ...]
    fresh: bool
    failure: str = ""


@dataclass(slots=True)
class LiveChecks:
    """Of the recordings that somebody asks about. One check at a time: labelling comes first."""

    _followed: dict[str, _Followed] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _checking: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, name: str, open_recording: Callable[[], Recording], labels: Labels) -> Followed:
        """What is known now; where labels have changed since, a check begins and the answer is for the next time.

        open_recording: a handle of their own, for the first time. Raises as it does.
        """
        with self._lock:
            followed = self._followed.get(name)
            if followed is None:
                followed = self._followed[name] = _Followed(Observed.of(open_recording()), labels)
            fresh = followed.number == labels()[0]
            if not fresh and (followed.thread is None or not followed.thread.is_alive()):
                followed.thread = threading.Thread(target=self._check, args=(followed,), daemon=True)
                followed.thread.start()
            return Followed(followed.findings, fresh, followed.failure)

    def _check(self, followed: _Followed) -> None:
        with self._checking:
            number, tracks = followed.labels()
            try:
                findings = check_tracks(followed.observed.recording, list(tracks.values()), observed=followed.observed)
                failure = ""
            except Exception as error:  # whatever it is, it must be said, and not begin anew until labels change
                findings, failure = [], f"the check failed: {error}"
        with self._lock:
            followed.findings, followed.number, followed.failure = tuple(findings), number, failure

    def close(self) -> None:
        """Wait for a check that runs, and release the files."""
        with self._lock:
            followed, self._followed = list(self._followed.values()), {}
        for each in followed:
            if each.thread is not None:
                each.thread.join()
            each.observed.recording.close()
