"""The one exception tree.

BoxwrightError            what went wrong, where, and what to do about it, on one line
├── UsageError            the command was called in a way that cannot work (exit code 2)
├── InputError            a file or folder given by the user cannot be used
│   ├── FormatError       nobody here reads that format, or the content breaks its rules
│   └── UnsafeInputError  the content asks for something that is refused (code in a pickle, a path outside)
├── CalibrationError      a camera model or rig that contradicts itself
├── RecordingError        a recording file that is missing, foreign, newer or damaged
├── EditError             an edit that cannot be applied
│   ├── ConflictError     somebody else changed the track since the caller saw it
│   └── ForbiddenError    this actor may not make this edit
└── ServerError           the server cannot start or be reached
"""


class BoxwrightError(Exception):
    """Root of every error that is the user's to act on; the message is one line, the path stands last."""

    def __init__(self, what: str, *, do: str = "", where: object = "") -> None:
        parts = [what.rstrip(".")]
        if do:
            parts.append(do.rstrip("."))
        message = "; ".join(parts)
        super().__init__(f"{message}: {where}" if str(where) else message)


class UsageError(BoxwrightError):
    """The command was called in a way that cannot work."""


class InputError(BoxwrightError):
    """A file or folder given by the user cannot be used."""


class FormatError(InputError):
    """Nobody here reads that format, or its content breaks the format's own rules."""


class UnsafeInputError(InputError):
    """The content asks for something that is refused, such as running code or leaving the project folder."""


class CalibrationError(BoxwrightError):
    """A camera model or rig that contradicts itself."""


class RecordingError(BoxwrightError):
    """A recording file that is missing, foreign, newer than this program, or damaged."""


class EditError(BoxwrightError):
    """An edit that cannot be applied to the labels as they are."""


class ConflictError(EditError):
    """Tracks have changed since the caller last saw them; track_ids says which."""

    def __init__(self, what: str, track_ids: tuple[str, ...], *, do: str = "") -> None:
        super().__init__(what, do=do, where=", ".join(track_ids))
        self.track_ids = track_ids


class ForbiddenError(EditError):
    """This actor may not make this edit."""


class ServerError(BoxwrightError):
    """The server cannot start or cannot be reached."""
