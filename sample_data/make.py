"""Make the shipped sample: `python -m sample_data.make`.

street.h5 is the recording and street.tracks.json its exact tracks, both made by `fusion.scenario` from seed 0.
"""

from __future__ import annotations

from pathlib import Path

from fusion.frame_clock import timed_by_sweeps
from fusion.recording import Recording, write_recording
from fusion.scenario import SCENARIOS
from labeling.from_table import tracks_from_table
from labeling.track_record import tracks_to_json

SEED = 0
NAME = "street"


def make_sample(folder: Path) -> None:
    """Write both files into a folder."""
    source = SCENARIOS[NAME](SEED)
    write_recording(source, folder / f"{NAME}.h5")
    assert source.cuboids is not None
    with Recording.open(folder / f"{NAME}.h5") as recording:
        tracks = tracks_from_table(timed_by_sweeps(source.cuboids, recording))
    (folder / f"{NAME}.tracks.json").write_bytes(tracks_to_json(tracks))


if __name__ == "__main__":
    make_sample(Path(__file__).parent)
