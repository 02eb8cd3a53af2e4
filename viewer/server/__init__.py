"""The server: it serves the page, streams frames, and takes edits. Loopback by default, a token in the URL."""

from viewer.server.app import create_app
from viewer.server.run import serve

__all__ = ["create_app", "serve"]
