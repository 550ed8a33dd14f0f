"""MoveNet Thunder beside BlazePose, for the comparison only: published TFJS weights as ONNX, and a
`PoseModel` over it.

Only the convolutions are converted; what follows them (CenterNet's decoding, as in the published
graph: centre, regressed joints, the heatmap's peak near each, its offset) is a few lines of NumPy
here.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from time import perf_counter_ns

import cv2
import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper

from station.pose.blazepose import BlazePose
from station.pose.model import Landmarks, Person, Square
from station.types import JOINTS, NAN, Joint, ModelInfo

NODES = "StatefulPartitionedCall/"
OUTPUTS = {
    "heat": f"{NODES}Sigmoid",
    "centre": f"{NODES}Sigmoid_1",
    "regress": f"{NODES}kpt_regress_0/conv2d_6/BiasAdd",
    "offset": f"{NODES}kpt_offset_0/conv2d_7/BiasAdd",
}
COCO = ("NOSE", "LEFT_EYE", "RIGHT_EYE", "LEFT_EAR", "RIGHT_EAR", *(f"{s}_{p}" for p in (
    "SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE") for s in ("LEFT", "RIGHT")))  # fmt: skip
ROWS = [int(Joint[name]) for name in COCO]
PLAIN = {"AddV2": "Add", "Sub": "Sub", "Mul": "Mul", "Sigmoid": "Sigmoid"}
SIZE_PX, CELLS = 256, 64
NEARNESS = 1.8  # of the published graph: cells added to the distance from the regressed joint
SEEN = 0.2


def convert(model_json: Path, weights_bin: Path, target: Path) -> None:
    """Write the convolutions as ONNX, everything NCHW, and the centre's prior beside it as
    `<target>.npy`.
    """
    graph = json.loads(model_json.read_text())
    constants = _weights(graph["weightsManifest"], weights_bin.read_bytes())
    nodes = {node["name"]: node for node in graph["modelTopology"]["node"]}
    written = _Trunk(nodes, constants)
    for name, source in OUTPUTS.items():
        written.nodes.append(helper.make_node("Identity", [written.of(source)], [name]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIZE_PX, SIZE_PX])
    results = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in OUTPUTS]
    made = helper.make_graph(written.nodes, "movenet_thunder", [image], results, written.initializers)
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(target))
    prior = constants["ConstantFolding/StatefulPartitionedCall/truediv_2_recip"].reshape(CELLS, CELLS)
    np.save(target.with_suffix(".npy"), prior)


def _weights(manifest: list, data: bytes) -> dict[str, NDArray]:
    out, at = {}, 0
    for entry in (w for group in manifest for w in group["weights"]):
        stored = entry.get("quantization", {}).get("dtype", entry["dtype"])
        count = int(np.prod(entry["shape"], dtype=int))
        values = np.frombuffer(data, np.dtype(stored), count, at).reshape(entry["shape"])
        at += values.nbytes
        out[entry["name"]] = values.astype(entry["dtype"])
    return out


class _Trunk:
    """Writes the nodes that a tensor hangs on, each once."""

    def __init__(self, nodes: dict, constants: dict[str, NDArray]) -> None:
        self._source, self._constants = nodes, constants
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[TensorProto] = []
        self._done: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The ONNX name of a tensor, written when it is not there yet."""
        name = name.removesuffix(":0")
        if name not in self._done:
            self._done[name] = self._write(self._source[name])
        return self._done[name]

    def _add(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def _constant(self, name: str, values: NDArray) -> str:
        self.initializers.append(helper.make_tensor(name, TensorProto.FLOAT, values.shape, values.astype("f4").ravel()))
        return name

    def _write(self, node: dict) -> str:
        kind, name, inputs = node["op"], node["name"], node.get("input", [])
        if name.endswith("/stack") and kind == "ExpandDims":
            return "image"
        if kind == "Const":
            values = self._constants[name]
            channels = values.reshape(1, -1, 1, 1) if values.ndim and values.size in (1, 3) else values
            return self._constant(name, channels)
        if kind in PLAIN:
            return self._add(PLAIN[kind], [self.of(i) for i in inputs], name)
        if kind == "ResizeBilinear":
            scales = self.initializers
            if not any(t.name == "twice" for t in scales):
                scales.append(helper.make_tensor("twice", TensorProto.FLOAT, [4], [1.0, 1.0, 2.0, 2.0]))
            return self._add("Resize", [self.of(inputs[0]), "", "twice"], name, mode="linear",
                             coordinate_transformation_mode="half_pixel")  # fmt: skip
        return self._convolution(kind, name, inputs, node["attr"])

    def _convolution(self, kind: str, name: str, inputs: list[str], attributes: dict) -> str:
        kernel = self._constants[inputs[1]]
        depthwise = "Depthwise" in kind
        stride = [int(i) for i in attributes["strides"]["list"]["i"][1:3]]
        laid = np.transpose(kernel, (2, 3, 0, 1) if depthwise else (3, 2, 0, 1))
        taken = [self.of(inputs[0]), self._constant(f"{name}_kernel", laid)]
        if len(inputs) > 2:
            taken.append(self._constant(f"{name}_bias", self._constants[inputs[2]]))
        fused = [_text(s) for s in attributes.get("fused_ops", {}).get("list", {}).get("s", [])]
        after = [f for f in fused if f != "BiasAdd"]
        out = self._add("Conv", taken, f"{name}_linear" if after else name, auto_pad="SAME_UPPER", strides=stride,
                        kernel_shape=list(kernel.shape[:2]), group=kernel.shape[2] if depthwise else 1)  # fmt: skip
        if after == ["Relu6"]:
            limits = [self._constant(f"{name}_at_{limit}", np.float32(limit).reshape(())) for limit in (0, 6)]
            out = self._add("Clip", [out, *limits], name)
        elif after == ["Relu"]:
            out = self._add("Relu", [out], name)
        elif after:
            raise ValueError(f"{name} is followed by {after}, which is not known here")
        return out


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode()


class MoveNet:
    """`PoseModel`: the station's detector finds people, Thunder measures them in an upright square.
    No heels and no toes.
    """

    margin = 1.25

    def __init__(self, folder: Path, models: Path, threads: int = 1) -> None:
        self.info = ModelInfo("movenet_thunder", "")
        self.stage_ms: dict[str, float] = {}
        self._finder = BlazePose(models, "pose_landmark_full", threads)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        file = str(folder / "movenet_thunder.onnx")
        self._session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self._prior = np.load(folder / "movenet_thunder.npy")

    def find(self, image: NDArray[np.uint8]) -> list[Person]:
        return self._finder.find(image)

    def measure(self, image: NDArray[np.uint8], square: Square) -> Landmarks:
        start = perf_counter_ns()
        upright = Square(square.x_px, square.y_px, square.side_px)
        picture = upright.cut(image, SIZE_PX, cv2.BORDER_CONSTANT).astype(np.float32).transpose(2, 0, 1)[None]
        uv, sure = decode(*self._session.run(list(OUTPUTS), {"image": np.ascontiguousarray(picture)}), self._prior)
        px = upright.to_frame(uv)
        xy, score = np.full((JOINTS, 2), NAN), np.zeros(JOINTS)
        xy[ROWS], score[ROWS] = px, sure
        middle = px[[COCO.index("LEFT_HIP"), COCO.index("RIGHT_HIP")]].mean(axis=0)
        reach = np.hypot(*(px[sure > SEEN] - middle).T).max(initial=1.0)
        body = np.array([middle, middle - [0.0, 1.1 * reach]])
        self.stage_ms["landmarks"] = self.stage_ms.get("landmarks", 0.0) + (perf_counter_ns() - start) / 1e6
        return Landmarks(xy, score, float(sure[5:].mean() > SEEN), body)

    def close(self) -> None:
        self._finder.close()


def decode(heat: NDArray, centre: NDArray, regress: NDArray, offset: NDArray, prior: NDArray) -> tuple[NDArray, NDArray]:
    """Joints (17, 2) as x, y in 0..1 across the square, and their scores (17,)."""
    y0, x0 = np.unravel_index(int((centre[0, 0] * prior).argmax()), (CELLS, CELLS))
    guess = regress[0, :, y0, x0].reshape(17, 2) + np.array([y0, x0])
    y, x = np.mgrid[:CELLS, :CELLS]
    places, sure = np.empty((17, 2)), np.empty(17)
    for k, (gy, gx) in enumerate(guess):
        weighed = heat[0, k] / (np.hypot(y - gy, x - gx) + NEARNESS)
        py, px = np.unravel_index(int(weighed.argmax()), (CELLS, CELLS))
        dy, dx = offset[0, 2 * k : 2 * k + 2, py, px]
        places[k] = (px + dx) / CELLS, (py + dy) / CELLS
        sure[k] = heat[0, k, py, px]
    return places, sure
