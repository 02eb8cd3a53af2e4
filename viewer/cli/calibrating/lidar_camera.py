"""calibrate lidar-camera."""

from __future__ import annotations

from pathlib import Path

from calibration.errors import UsageError
from fusion.camera_alignment import CameraAligned, align_camera
from labeling.project import Project
from viewer.cli.calibrating.adopting import adopt_rig
from viewer.cli.console import print_json, progress_bar, results


def lidar_camera(folder: Path, name: str, camera: str, reach_deg: float, *, adopt: bool, as_json: bool) -> None:
    """Align, tell, and adopt if told to."""
    project = Project.open(folder)
    with project.recording(name) as recording, progress_bar("reading") as progress:
        if camera not in recording.cameras():
            known = ", ".join(recording.cameras()) or "none"
            raise UsageError(f"there is no camera {camera!r}", do=f"cameras: {known}", where=name)
        found = align_camera(recording, camera, reach_deg=reach_deg, progress=progress)
    clear = is_clear(found)
    if adopt and not clear:
        raise UsageError(
            f"{camera} and the LiDAR agree no better where they were found than a degree beside",
            do="try frames with more in view, or a larger --reach-deg",
            where=name,
        )
    if adopt:
        how = f"{camera} aligned to the LiDAR without targets: turned by {found.rotation_deg:.2f} degrees"
        adopt_rig(project, name, found.rig, how)
    if as_json:
        print_json(_record(found, clear, adopted=adopt))
        return
    results.print(
        f"{camera}: turned by {found.rotation_deg:.2f} degrees, moved by {100.0 * found.translation_m:.1f} cm, "
        f"from {len(found.frames)} frames"
    )
    bits = found.aligned
    results.print(
        f"  bits shared: {bits.bits:.3f}; before {bits.bits_before:.3f}; a degree beside {bits.bits_beside:.3f}"
    )
    if not clear:
        results.print("! no clear peak: this is no result")


def is_clear(found: CameraAligned) -> bool:
    """Whether the peak stands out of what lies a degree beside it, and is not below the start."""
    bits = found.aligned
    return bits.bits > 1.1 * bits.bits_beside and bits.bits >= bits.bits_before


def _record(found: CameraAligned, clear: bool, *, adopted: bool) -> dict[str, object]:
    bits = found.aligned
    return {
        "camera": found.camera,
        "rotation_deg": found.rotation_deg,
        "translation_m": found.translation_m,
        "frames": list(found.frames),
        "bits": bits.bits,
        "bits_before": bits.bits_before,
        "bits_beside": bits.bits_beside,
        "clear": clear,
        "adopted": adopted,
        "rig": found.rig.to_record(),
    }
