"""The pelvis network as an ONNX file: batch normalisation folded away, weights as float16, widened
in the graph.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from torch import nn

from .pelvis import TURN_SCALE_DEG, PelvisNet

OPSET, IR_VERSION = 17, 8
"""As in models/build.py."""


def export(network: PelvisNet, temperature: float, path: Path) -> None:
    """Write the file. `temperature` (> 0) multiplies the network's own spread."""
    size = network.shape.size_px
    out = _Graph()
    x = out.node("Transpose", ["image"], perm=(0, 3, 1, 2))
    x = out.node("Sub", [x, out.scalar(0.5)])
    x = out.node("Mul", [x, out.scalar(4.0)])
    parts = list(network.trunk)
    for i, part in enumerate(parts):
        if isinstance(part, nn.Conv2d):
            weight, bias = _folded(part, parts[i + 1])
            stride = list(part.stride)
            pads = [1, 1, 1, 1]
            x = out.node("Conv", [x, out.half(weight), out.half(bias)], kernel_shape=[3, 3], strides=stride, pads=pads)
            x = out.node("Relu", [x])
    x = out.node("Flatten", [x], axis=1)
    for part in (*network.neck, *network.head):
        if isinstance(part, nn.Linear):
            x = out.node("Gemm", [x, out.half(_array(part.weight)), out.half(_array(part.bias))], transB=1)
        elif isinstance(part, nn.ReLU):
            x = out.node("Relu", [x])
    # Two numbers: degrees, and the natural logarithm of the spread in degrees.
    x = out.node("Mul", [x, out.single(np.array([[TURN_SCALE_DEG, 1.0]]))])
    out.node("Add", [x, out.single(np.array([[0.0, np.log(TURN_SCALE_DEG * temperature)]]))], "turn")
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, size, size, 3])
    result = helper.make_tensor_value_info("turn", TensorProto.FLOAT, [1, 2])
    graph = helper.make_graph(out.nodes, path.stem, [image], [result], out.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    model.producer_name, model.producer_version = "treadmill-station tests/lab/eye", ""
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


class _Graph:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], output: str = "", **attributes: object) -> str:
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def single(self, values: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        array = np.ascontiguousarray(values, "<f4")
        self.weights.append(TensorProto(name=name, data_type=TensorProto.FLOAT, dims=array.shape, raw_data=array.tobytes()))
        return name

    def scalar(self, value: float) -> str:
        return self.single(np.array(value))

    def half(self, values: np.ndarray) -> str:
        """Stored as float16, used as float32."""
        name = f"w{len(self.weights)}"
        array = np.ascontiguousarray(values, "<f2")
        self.weights.append(TensorProto(name=name, data_type=TensorProto.FLOAT16, dims=array.shape, raw_data=array.tobytes()))
        return self.node("Cast", [name], to=TensorProto.FLOAT)


def _folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[np.ndarray, np.ndarray]:
    scale = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
    return _array(conv.weight) * scale[:, None, None, None], _array(norm.bias) - _array(norm.running_mean) * scale


def _array(tensor: object) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()
