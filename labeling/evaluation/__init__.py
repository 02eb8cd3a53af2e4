"""A label file against another: `boxwright evaluate`."""

from labeling.evaluation.evaluate import Evaluation, evaluate_files
from labeling.evaluation.reading import read_sightings
from labeling.evaluation.sightings import Sightings

__all__ = ["Evaluation", "Sightings", "evaluate_files", "read_sightings"]
