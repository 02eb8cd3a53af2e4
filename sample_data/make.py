"""Make the shipped sample: `python -m sample_data.make`.

street.h5 is the recording and street.tracks.json its exact tracks, both of the scenario `street` from seed 0.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from fusion.scenario import scene_of
from labeling.project import Project
from labeling.synthetic import simulate_into
from labeling.track_record import tracks_to_json

SEED = 0
NAME = "street"


def make_sample(folder: Path) -> None:
    """Write both files into a folder."""
    with tempfile.TemporaryDirectory(prefix="boxwright-sample-") as temporary:
        project = Project.create(Path(temporary))
        simulate_into(project, scene_of(NAME), SEED)
        shutil.copy(project.recording_path(NAME), folder / f"{NAME}.h5")
        labels = project.labels()
        tracks = list(labels.tracks(NAME).values())
        labels.close()
    (folder / f"{NAME}.tracks.json").write_bytes(tracks_to_json(tracks))


if __name__ == "__main__":
    make_sample(Path(__file__).parent)
