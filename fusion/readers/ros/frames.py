"""The tree of frames that /tf, /tf_static and Foxglove's FrameTransform spread over a log."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np

from calibration import RigidTransform
from calibration.quaternion import FloatArray
from fusion.ego_motion import EgoMotion
from fusion.readers.ros.values import Link, pose_transform, usable_pose
from fusion.timeline import Int64Array, Timeline

_STILL = 1e-9
_MOST_FRAMES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """A frame in its parent. motion: one pose for each time; moves: whether they differ."""

    parent: str
    motion: EgoMotion
    moves: bool

    def at(self, times_ns: Int64Array) -> RigidTransform:
        """`parent_from_child` at times (N,)."""
        return self.motion.at(times_ns)


class LinkCollector:
    """Takes links as they come. A frame has one parent: the one that it is said to have most often."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], array[int]] = {}
        self._rows: dict[tuple[str, str], array[float]] = {}
        self.unusable = 0

    def add(self, link: Link, log_ns: int) -> None:
        """One more. A stamp of zero means the time of the log."""
        if not usable_pose(link.pose) or link.parent == link.child:
            self.unusable += 1
            return
        key = link.parent, link.child
        if key not in self._times and len(self._times) >= _MOST_FRAMES:
            self.unusable += 1
            return
        self._times.setdefault(key, array("q")).append(link.stamp_ns or log_ns)
        self._rows.setdefault(key, array("d")).extend(link.pose.tolist())

    def frames(self) -> Frames:
        """The tree of all that came."""
        edges: dict[str, Edge] = {}
        for key in sorted(self._times, key=lambda each: len(self._times[each])):
            edges[key[1]] = _edge(key[0], np.array(self._times[key]), np.array(self._rows[key]).reshape(-1, 7))
        return Frames(edges)


def _edge(parent: str, times_ns: Int64Array, rows: FloatArray) -> Edge:
    unique, first = np.unique(times_ns, return_index=True)
    motion = EgoMotion(Timeline(unique), pose_transform(rows[first]))
    moves = bool(np.abs(rows - rows[0]).max() > _STILL)
    return Edge(parent, motion, moves)


class Frames:
    """A forest of frames. edges: child -> its edge."""

    def __init__(self, edges: dict[str, Edge]) -> None:
        self._edges = edges

    def __contains__(self, frame: str) -> bool:
        return frame in self._edges or any(edge.parent == frame for edge in self._edges.values())

    def edge(self, child: str) -> Edge | None:
        """The edge from a frame to its parent."""
        return self._edges.get(child)

    def chain(self, frame: str) -> list[str]:
        """The frame, its parent and so on to the root; a loop ends where it closes."""
        chain = [frame]
        while chain[-1] in self._edges and self._edges[chain[-1]].parent not in chain:
            chain.append(self._edges[chain[-1]].parent)
        return chain

    def connected(self, first: str, second: str) -> bool:
        """Whether there is a way between two frames."""
        return bool(set(self.chain(first)) & set(self.chain(second)))

    def moving(self, first: str, second: str) -> bool:
        """Whether anything moves on the way between two frames."""
        up, down = self._ways(first, second)
        return any(self._edges[frame].moves for frame in (*up, *down))

    def moving_edges(self, ancestor: str, frame: str) -> list[Edge]:
        """The edges that move between a frame and one above it."""
        up, _ = self._ways(frame, ancestor)
        return [self._edges[each] for each in up if self._edges[each].moves]

    def target_from_source(self, target: str, source: str, times_ns: Int64Array) -> RigidTransform:
        """Batch (N,) at times (N,); the two have to be connected."""
        up, down = self._ways(target, source)
        return self._climb(up, times_ns).inverse() * self._climb(down, times_ns)

    def still(self, target: str, source: str) -> RigidTransform:
        """The transform between frames that do not move against each other."""
        return self.target_from_source(target, source, np.zeros(1, np.int64))[0]

    def _ways(self, first: str, second: str) -> tuple[list[str], list[str]]:
        """From each of the two up to, and without, the frame where their chains meet."""
        one, other = self.chain(first), self.chain(second)
        shared = set(one) & set(other)
        return [each for each in one if each not in shared], [each for each in other if each not in shared]

    def _climb(self, way: list[str], times_ns: Int64Array) -> RigidTransform:
        rotation = np.broadcast_to(RigidTransform.identity().rotation, (len(times_ns), 4))
        result = RigidTransform(rotation, np.zeros((len(times_ns), 3)))
        for frame in way:
            result = self._edges[frame].at(times_ns) * result
        return result
