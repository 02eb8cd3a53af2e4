"""Identity: E. Ristani et al., "Performance measures and a data set for multi-target, multi-camera tracking", 2016.

One assignment of predicted identities to true ones for the whole recording; what agrees with it is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from labeling.metrics.comparison import Comparison


@dataclass(frozen=True, slots=True)
class Identity:
    """Objects times frames with the right identity, predictions without, truths without."""

    true_positives: int
    false_positives: int
    misses: int

    @property
    def idf1(self) -> float:
        """Harmonic mean of identity precision and recall."""
        return self.true_positives / max(1.0, self.true_positives + 0.5 * (self.false_positives + self.misses))

    @property
    def precision(self) -> float:
        """Of the predictions."""
        return self.true_positives / max(1, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Of the truths."""
        return self.true_positives / max(1, self.true_positives + self.misses)

    def to_dict(self) -> dict[str, float]:
        """IDF1, IDP, IDR."""
        return {"IDF1": self.idf1, "IDP": self.precision, "IDR": self.recall}


def identity(comparison: Comparison, threshold: float = 0.5) -> Identity:
    """Two go together in a frame where their similarity reaches the threshold."""
    c = comparison
    times = np.zeros((c.truth_count, c.prediction_count))
    truths, predictions = c.pairs()
    agree = c.similarities >= threshold
    np.add.at(times, (c.truth_ids[truths[agree]], c.prediction_ids[predictions[agree]]), 1.0)
    right = int(times[linear_sum_assignment(times, maximize=True)].sum())
    return Identity(right, len(c.prediction_ids) - right, len(c.truth_ids) - right)
