"""How good tracks are, measured against truth."""

from labeling.metrics.clear import Clear, clear
from labeling.metrics.comparison import Comparison, joined
from labeling.metrics.hota import Hota, hota
from labeling.metrics.identity import Identity, identity

__all__ = ["Clear", "Comparison", "Hota", "Identity", "clear", "hota", "identity", "joined"]
