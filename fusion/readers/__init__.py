"""Readers of other people's datasets; the next one is one file and one entry here."""

from __future__ import annotations

from fusion.readers.options import ReaderOptions
from fusion.readers.registry import READERS, Reader, read_source, readers_of

__all__ = ["READERS", "Reader", "ReaderOptions", "read_source", "readers_of"]
