"""Which files and folders are logs, by their names and heads."""

from __future__ import annotations

from pathlib import Path

_METADATA = "metadata.yaml"


def recognises_mcap(path: Path) -> bool:
    """Whether this is an MCAP file, by its name."""
    return path.is_file() and path.suffix == ".mcap"


def recognises_bag(path: Path) -> bool:
    """Whether this is a ROS 1 bag, a ROS 2 bag's folder or one of its databases."""
    if path.is_file():
        return path.suffix in (".bag", ".db3")
    return path.is_dir() and _is_bag_folder(path)


def _is_bag_folder(path: Path) -> bool:
    if any(path.glob("*.db3")):
        return True
    metadata = path / _METADATA
    try:
        with metadata.open("rb") as file:
            return b"rosbag2_bagfile_information" in file.read(4096)
    except OSError:
        return False
