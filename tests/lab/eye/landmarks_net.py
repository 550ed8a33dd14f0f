"""The landmark network: BlazePose's published graph in PyTorch, and the decoder and heads that are
trained on it.

The encoder (everything up to TAPS) stays as published, so that what it makes of a picture stays
what it makes of real ones. The decoder is trained on from the published weights; a block at each of
three resolutions and the presence are new.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn
from torch.nn import functional

from station.pose.runner import CELL_PX, HEIGHT_PX, ROWS, WIDTH_PX

TAPS = ("t216", "t226", "t251")
"""The published tensors that the decoder starts from: 24 channels at a quarter of the picture, 32
at an eighth, 88 at a sixteenth.
"""
DECODED = ("t219", "t229", "t254", "t273")
"""What the published decoder makes of each of TAPS by itself, and of its deepest tensor: 48
channels each, the last at a 32nd.
"""
DEEP = "t271"
"""Its deepest tensor, 864 channels at a 32nd, from which the presence is read as well."""
CHANNELS = 48
JOINTS = len(ROWS)
"""Heat maps, in the order of `station.pose.runner.ROWS`."""
BLOCKS = {"coarse": (192, 5), "middle": (96, 5), "fine": (48, 3)}
"""Inner channels and width of the new blocks."""
CHANNELS = 48
JOINTS = len(ROWS)
"""Heat maps, in the order of `station.pose.runner.ROWS`."""


class Published(nn.Module):
    """Part of a published graph, from `inputs` (images are NHWC 0..1) to `outputs`, as PyTorch
    modules with the graph's weights.
    """

    def __init__(self, path: Path, inputs: Iterable[str], outputs: Iterable[str]) -> None:
        super().__init__()
        graph = onnx.load(str(path)).graph
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        stored = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
        for node in graph.node:
            if node.op_type == "Cast":
                stored[node.output[0]] = stored[node.input[0]].astype(np.float32)
        self.nodes = nodes_between(graph, set(self.inputs), set(self.outputs))
        self.weights = nn.ParameterDict()
        self.settings: dict[str, dict] = {}
        for node in self.nodes:
            self.settings[node.output[0]] = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Conv":
                for name in node.input[1:]:
                    self.weights[name] = nn.Parameter(torch.from_numpy(np.array(stored[name], np.float32)))
            elif node.op_type == "Pad":
                self.settings[node.output[0]]["amounts"] = stored[node.input[1]].tolist()

    def forward(self, *given: torch.Tensor) -> list[torch.Tensor]:
        """The outputs, in order; everything but the image is NCHW."""
        at = dict(zip(self.inputs, given, strict=True))
        for node in self.nodes:
            at[node.output[0]] = self.step(node, [at[i] for i in node.input if i in at])
        return [at[name] for name in self.outputs]

    def step(self, node: onnx.NodeProto, given: list[torch.Tensor]) -> torch.Tensor:
        """One node. Raises ValueError for an operator that BlazePose does not use before its
        regression tail.
        """
        settings = self.settings[node.output[0]]
        if node.op_type == "Conv":
            weight, bias = (self.weights[name] for name in node.input[1:])
            # The same before and after: the others have a node of their own before them.
            pad = settings["pads"][:2]
            return functional.conv2d(given[0], weight, bias, settings["strides"], pad, groups=settings["group"])
        if node.op_type == "Clip":
            return functional.relu6(given[0])
        if node.op_type == "Add":
            return given[0] + given[1]
        if node.op_type == "Pad":
            amounts = settings["amounts"]
            return functional.pad(given[0], (amounts[3], amounts[7], amounts[2], amounts[6], amounts[1], amounts[5]))
        if node.op_type == "Resize":
            return doubled(given[0])
        if node.op_type == "Transpose":
            return given[0].permute(settings["perm"])
        if node.op_type == "Identity":
            return given[0]
        raise ValueError(f"BlazePose uses no {node.op_type}")


def nodes_between(graph: onnx.GraphProto, inputs: set[str], outputs: set[str]) -> list[onnx.NodeProto]:
    """The nodes that lead from `inputs` to `outputs`, in order, without the casts of stored
    weights.
    """
    wanted, kept = set(outputs), []
    for node in reversed(graph.node):
        if node.output[0] in wanted and node.output[0] not in inputs and node.op_type != "Cast":
            wanted.update(node.input)
            kept.append(node)
    return kept[::-1]


def doubled(x: torch.Tensor) -> torch.Tensor:
    """Twice the size, as the graph's Resize: linear, half-pixel centres."""
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


class Refine(nn.Module):
    """A residual look around, which changes nothing before it is trained: widen, look around,
    narrow.
    """

    def __init__(self, inner: int, width: int) -> None:
        super().__init__()
        self.widen = nn.Conv2d(CHANNELS, inner, 1)
        self.around = nn.Conv2d(inner, inner, width, padding=width // 2, groups=inner)
        self.narrow = nn.Conv2d(inner, CHANNELS, 1)
        nn.init.zeros_(self.narrow.weight)
        nn.init.zeros_(self.narrow.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.narrow(functional.relu6(self.around(functional.relu6(self.widen(x)))))


class Decoder(nn.Module):
    """From the taps to heat maps (N, JOINTS, cells_y, cells_x) and presence (N, 1), both logits."""

    def __init__(self, published: Path) -> None:
        super().__init__()
        self.published = Published(published, TAPS, (*DECODED, DEEP))
        self.blocks = nn.ModuleDict({name: Refine(*size) for name, size in BLOCKS.items()})
        self.heat = nn.Conv2d(CHANNELS, JOINTS, 1)
        self.present = nn.Linear(864, 1)
        graph = onnx.load(str(published)).graph
        stored = {t.name: numpy_helper.to_array(t).astype(np.float32) for t in graph.initializer}
        last = next(n for n in graph.node if n.output[0] == "t298")
        weight, bias = (stored[name.removesuffix("_wide")] for name in last.input[1:])
        # The published heat maps of these very joints are the place to start from.
        with torch.no_grad():
            self.heat.weight.copy_(torch.from_numpy(weight[list(ROWS)]))
            self.heat.bias.copy_(torch.from_numpy(bias[list(ROWS)]))
            nn.init.zeros_(self.present.weight)
            nn.init.zeros_(self.present.bias)

    def forward(self, *taps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        *skips, x, deep = self.published(*taps)
        for skip, block in zip(reversed(skips), self.blocks.values(), strict=True):
            x = block(doubled(x) + skip)
        return self.heat(x), self.present(deep.mean(dim=(2, 3)))


def encoder_graph(published: Path) -> onnx.ModelProto:
    """The frozen part of the published graph, for any number of pictures (N, HEIGHT_PX, WIDTH_PX,
    3) in 0..1.
    """
    model = onnx.load(str(published))
    graph = model.graph
    casts = [n for n in graph.node if n.op_type == "Cast"]
    kept = nodes_between(graph, {"image"}, set(TAPS))
    used = {name for node in (*casts, *kept) for name in node.input}
    image = onnx.helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, ["n", HEIGHT_PX, WIDTH_PX, 3])
    outputs = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in TAPS]
    weights = [w for w in graph.initializer if w.name in used]
    cut = onnx.helper.make_graph([*casts, *kept], "encoder", [image], outputs, weights)
    return onnx.helper.make_model(cut, opset_imports=model.opset_import, ir_version=model.ir_version)


class Encoder:
    """The frozen encoder on ONNX Runtime, four times as fast as in PyTorch."""

    def __init__(self, published: Path, threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        data = encoder_graph(published).SerializeToString()
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])

    def __call__(self, pictures: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """The taps of (N, HEIGHT_PX, WIDTH_PX, 3)."""
        return self._session.run(list(TAPS), {"image": pictures.astype(np.float32) / np.float32(255)})


def cells() -> tuple[int, int]:
    """Rows and columns of a heat map."""
    return HEIGHT_PX // CELL_PX, WIDTH_PX // CELL_PX
