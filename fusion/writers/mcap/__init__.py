"""A recording as an MCAP file of ROS 2 messages, exact enough to be read back as the same recording."""

from fusion.writers.mcap.writer import COMPRESSIONS, write_mcap

__all__ = ["COMPRESSIONS", "write_mcap"]
