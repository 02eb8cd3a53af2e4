"""How people see and touch it: the Rerun scene, the server, its security, the page and the command line."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("boxwright")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0+unknown"
