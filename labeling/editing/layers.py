"""Layers: several sets of labels for one recording, such as those of two annotators, of a reviewer, or hidden gold.

The labels of a layer are kept under `RECORDING@LAYER`; no recording can have an @ in its name. A recording's own
labels are in no layer.
"""

from __future__ import annotations

import re

from calibration.errors import UsageError

GOLD = "gold"
"""The layer of a recording's true labels; annotators never see it."""

_MARK = "@"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def layer_key(recording: str, layer: str) -> str:
    """Where the labels of a layer are kept; of none, the recording's own. Raises UsageError for a name that cannot
    be."""
    if not layer:
        return recording
    if not _NAME.fullmatch(layer):
        raise UsageError(f"a layer cannot be called {layer!r}", do="use letters, digits, dots, dashes")
    return f"{recording}{_MARK}{layer}"


def recording_of(key: str) -> str:
    """The recording whose labels, or a layer of them, a key is about."""
    return key.partition(_MARK)[0]


def layer_of(key: str) -> str:
    """The layer of a key; empty for a recording's own labels."""
    return key.partition(_MARK)[2]
