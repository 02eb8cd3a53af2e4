"""Depth images with the actors in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fusion.recording import Recording
from fusion.samples import DepthImage
from fusion.scenario.injection.photo_crop import crop_around
from fusion.scenario.injection.sensor_motion import camera_motion
from fusion.scenario.sensing.moving_scene import MovingScene
from fusion.scenario.sensing.rays import NOBODY
from fusion.scenario.sensing.visibility import Visibility, visibility_of

_MARGIN_SHARE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class InjectedDepth:
    """changed: whether it differs from the recording's at all."""

    image: DepthImage
    visibility: Visibility
    changed: bool


class DepthInjector:
    """One depth camera of a recording. scene: of the injected actors alone."""

    def __init__(self, recording: Recording, camera: str, scene: MovingScene) -> None:
        self._recording, self._camera, self._scene = recording, camera, scene

    def inject(self, index: int) -> InjectedDepth:
        """Sample `index` of the stream, which must be there, with the actors where they are nearer than what it has.

        A pixel that measured nothing takes an actor that is no farther than anything this image measured.
        """
        recorded = self._recording.depth(self._camera, index)
        model = self._recording.rig[self._camera].model
        actors = self._scene.world.actors
        motion = camera_motion(self._recording, self._camera, index)
        crop = crop_around(actors, model, 0, motion, int(self._recording.times_ns(self._camera)[index]))
        if crop is None or recorded.values.shape != (model.height_px, model.width_px):
            return self._unchanged(recorded)
        moments = self._scene.moments(crop.pixel_rays.times_ns(crop.time_ns))
        hits = self._scene.first_hits(crop.pixel_rays.rays(moments.times_ns), moments)
        depths_m = (hits.ranges_m * crop.pixel_rays.directions[:, 2]).reshape(crop.height_px, crop.width_px)
        part_m = recorded.depth_m[crop.rows, crop.columns]
        reach_m = float(recorded.depth_m.max())
        behind_m = np.where(part_m > 0.0, part_m * (1.0 - _MARGIN_SHARE), reach_m)
        nearer = (depths_m < behind_m) & crop.pixel_rays.valid
        found = np.where(nearer, hits.actors.reshape(nearer.shape), NOBODY).astype(np.int32).ravel()
        valid = crop.pixel_rays.valid.ravel()[hits.alone.rays] & (hits.alone.ranges_m < reach_m)
        visibility = visibility_of(found, hits.alone, valid, len(actors), crop.width_px)
        for boxes in (visibility.boxes_px, visibility.whole_boxes_px):
            if boxes is not None:
                boxes += np.tile([crop.left_px, crop.top_px], 2)
        if not nearer.any():
            return InjectedDepth(recorded, visibility, False)
        values = recorded.values.copy()
        part = values[crop.rows, crop.columns]
        part[nearer] = np.clip(np.rint(depths_m[nearer] / recorded.metres_per_unit), 1, np.iinfo(np.uint16).max)
        return InjectedDepth(DepthImage(values, recorded.metres_per_unit), visibility, True)

    def _unchanged(self, recorded: DepthImage) -> InjectedDepth:
        count = len(self._scene.world.actors)
        nothing, no_box = np.zeros(count, dtype=np.int64), np.full((count, 4), np.nan)
        return InjectedDepth(recorded, Visibility(nothing, nothing.copy(), no_box, no_box.copy()), False)
