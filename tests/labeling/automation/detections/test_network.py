"""The ONNX contract, with a network that is made here: it says one car at the points' mean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from calibration.errors import InputError
from fusion.cloud import fused_cloud
from fusion.recording import Recording
from labeling.automation.detections.network import NetworkDetector
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def recording() -> Iterator[Recording]:
    with Recording.open(ROOT / "sample_data" / "street.h5") as recording:
        yield recording


def model(path: Path, *, columns: int = 4, names: str | None = "car,pedestrian", outputs: str = "cuboids") -> Path:
    """Mean of x, y, z, then a car's size and yaw 0; or, with columns 3, a cuboid with a number too few."""
    tail = [4.5, 1.9, 1.6, 0.0][:columns]
    constants = [
        helper.make_tensor("tail", TensorProto.FLOAT, [1, len(tail)], tail),
        helper.make_tensor("starts", TensorProto.INT64, [1], [0]),
        helper.make_tensor("ends", TensorProto.INT64, [1], [3]),
        helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
        helper.make_tensor("rows", TensorProto.INT64, [1], [0]),
        helper.make_tensor("said", TensorProto.FLOAT, [1, 2], [0.9, 0.2]),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["points", "rows"], ["mean"], keepdims=1),
        helper.make_node("Slice", ["mean", "starts", "ends", "axes"], ["place"]),
        helper.make_node("Concat", ["place", "tail"], [outputs], axis=1),
        helper.make_node("Identity", ["said"], ["scores"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("points", TensorProto.FLOAT, ["n", 4])],
        [
            helper.make_tensor_value_info(outputs, TensorProto.FLOAT, ["m", 3 + len(tail)]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 2]),
        ],
        constants,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if names is not None:
        helper.set_model_props(made, {"class_names": names})
    onnx.save(made, str(path))
    return path


def test_cuboids_come_into_the_world(recording: Recording, tmp_path: Path) -> None:
    detected = NetworkDetector(model(tmp_path / "tiny.onnx")).detect(recording)
    assert len(detected) == len(recording.frames)
    assert set(detected.classes) == {"car"}
    np.testing.assert_allclose(detected.sizes_m[0], [4.5, 1.9, 1.6], rtol=1e-6)
    np.testing.assert_allclose(detected.scores, 0.9, rtol=1e-6)
    mean = fused_cloud(recording, 7).points_in_world.mean(axis=0)
    np.testing.assert_allclose(detected.world_from_object.translation[7], mean, atol=0.02)
    ego = recording.ego_motion.at(recording.frame_middle_ns(7))
    assert float(detected.world_from_object.yaw_rad[7]) == pytest.approx(float(ego.yaw_rad), abs=1e-6)


def test_unsure_ones_are_left_out(recording: Recording, tmp_path: Path) -> None:
    assert len(NetworkDetector(model(tmp_path / "tiny.onnx"), least_score=0.95).detect(recording)) == 0


def test_a_model_of_another_contract_is_refused_in_one_line(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such model"):
        NetworkDetector(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("not a model")
    for path, words in (
        (tmp_path / "text.onnx", "cannot load"),
        (model(tmp_path / "nameless.onnx", names=None), "class_names"),
        (model(tmp_path / "other.onnx", outputs="boxes"), "outputs"),
    ):
        with pytest.raises(InputError, match=words) as caught:
            NetworkDetector(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="the network gave cuboids"):
        NetworkDetector(model(tmp_path / "short.onnx", columns=3)).detect(recording)
