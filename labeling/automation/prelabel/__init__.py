"""Pre-labelling: tracks of a whole recording from geometry alone, for a person to look through."""

from labeling.automation.prelabel.adding import Added, add_prelabels
from labeling.automation.prelabel.recording import CONFIDENCE, Prelabelled, prelabel

__all__ = ["CONFIDENCE", "Added", "Prelabelled", "add_prelabels", "prelabel"]
