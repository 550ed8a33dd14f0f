"""The trained network as one ONNX file: the published encoder's nodes, the decoder with its new
weights, the heads.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from station.pose.runner import CELL_PX, HEIGHT_PX, WIDTH_PX

from .landmarks_net import DECODED, DEEP, JOINTS, Decoder, Refine, nodes_between

RELU6 = ("zero", "six")


def export(decoder: Decoder, published: Path) -> onnx.ModelProto:
    """As `station.pose.runner` runs it: `image` (1, HEIGHT_PX, WIDTH_PX, 3) 0..1 -> `heat` logits,
    `presence` 0..1.
    """
    return _Writer(decoder, published).model()


def restore(decoder: Decoder, model: Path) -> None:
    """Into `decoder`, the weights of an exported file: a run can go on from what is shipped."""
    stored = {w.name: numpy_helper.to_array(w).astype(np.float32) for w in onnx.load(str(model)).graph.initializer}
    layers = [layer for block in decoder.blocks.values() for layer in (block.widen, block.around, block.narrow)]
    names = sorted((name for name in stored if re.fullmatch(r"c\d+_w", name)), key=lambda name: int(name[1:-2]))
    into = {name.removesuffix("_wide"): weight for name, weight in decoder.published.weights.items()}
    for name, layer in zip(names, [*layers, decoder.heat], strict=True):
        into |= {name: layer.weight, f"{name[:-1]}b": layer.bias}
    into |= {"present_w": decoder.present.weight.T, "present_b": decoder.present.bias}
    with torch.no_grad():
        for name, weight in into.items():
            weight.copy_(torch.from_numpy(stored[name]))


class _Writer:
    def __init__(self, decoder: Decoder, published: Path) -> None:
        self.decoder, self.source = decoder, onnx.load(str(published))
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, TensorProto] = {}

    def model(self) -> onnx.ModelProto:
        kept = nodes_between(self.source.graph, {"image"}, {*DECODED, DEEP})
        used = {name for node in kept for name in node.input}
        stored = {w.name: w for w in self.source.graph.initializer}
        for node in self.source.graph.node:
            if node.op_type == "Cast" and node.output[0] in used:
                self.nodes.append(node)
                self.weights[node.input[0]] = stored[node.input[0]]
        self.weights |= {name: stored[name] for name in used if name in stored}
        for name, values in self.decoder.published.weights.items():
            self.weights[name.removesuffix("_wide")] = _half(name.removesuffix("_wide"), values)
        self.nodes += kept
        self._heads()
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, HEIGHT_PX, WIDTH_PX, 3])
        shape = [1, JOINTS, HEIGHT_PX // CELL_PX, WIDTH_PX // CELL_PX]
        results = [helper.make_tensor_value_info("heat", TensorProto.FLOAT, shape),
                   helper.make_tensor_value_info("presence", TensorProto.FLOAT, [1, 1])]  # fmt: skip
        graph = helper.make_graph(self.nodes, "pose_runner", [image], results, list(self.weights.values()))
        made = helper.make_model(graph, opset_imports=self.source.opset_import, ir_version=self.source.ir_version)
        made.producer_name = "treadmill-station tests/lab/eye"
        onnx.checker.check_model(made, full_check=True)
        return made

    def _heads(self) -> None:
        """As `Decoder.forward`."""
        *skips, x = DECODED
        for skip, block in zip(reversed(skips), self.decoder.blocks.values(), strict=True):
            x = self._refined(self._node("Add", self._doubled(x), skip), block)
        self._node("Identity", self._convolved(x, self.decoder.heat), output="heat")
        mean = self._node("ReduceMean", DEEP, axes=[2, 3], keepdims=0)
        weight = self._weight("present_w", self.decoder.present.weight.T)
        logit = self._node("Gemm", mean, weight, self._weight("present_b", self.decoder.present.bias))
        self._node("Sigmoid", logit, output="presence")

    def _node(self, kind: str, *inputs: str, output: str = "", **attributes: object) -> str:
        output = output or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def _weight(self, name: str, values: torch.Tensor) -> str:
        """Kept as float16 and widened in the graph, as the published ones are."""
        self.weights[name] = _half(name, values)
        return self._node("Cast", name, output=f"{name}_wide", to=TensorProto.FLOAT)

    def _doubled(self, x: str) -> str:
        if "twice" not in self.weights:
            self.weights["twice"] = helper.make_tensor("twice", TensorProto.FLOAT, [4], [1.0, 1.0, 2.0, 2.0])
        return self._node("Resize", x, "", "twice", mode="linear", coordinate_transformation_mode="half_pixel")

    def _convolved(self, x: str, layer: torch.nn.Conv2d) -> str:
        name = f"c{len(self.nodes)}"
        pad = list(layer.padding) * 2
        given = (x, self._weight(f"{name}_w", layer.weight), self._weight(f"{name}_b", layer.bias))
        return self._node("Conv", *given, kernel_shape=list(layer.kernel_size), pads=pad, group=layer.groups)

    def _refined(self, x: str, layer: Refine) -> str:
        wide = self._node("Clip", self._convolved(x, layer.widen), *RELU6)
        around = self._node("Clip", self._convolved(wide, layer.around), *RELU6)
        return self._node("Add", x, self._convolved(around, layer.narrow))


def _half(name: str, values: torch.Tensor) -> TensorProto:
    return numpy_helper.from_array(values.detach().contiguous().numpy().astype(np.float16), name)
