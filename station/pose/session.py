"""One ONNX model, ready to run on the processor."""

from __future__ import annotations

import os
import threading

# ONNX Runtime makes a device id and reports to its maker, unless it is configured not to before it
# is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as refusal

from station.errors import ModelError
from station.pose.store import Card, verified

# ONNX Runtime's exceptions share no base class of their own.
REFUSALS = (
    refusal.Fail,
    refusal.InvalidArgument,
    refusal.InvalidGraph,
    refusal.InvalidProtobuf,
    refusal.NotImplemented,
    refusal.RuntimeException,
)


class Session:
    """An ONNX Runtime session over a checked model file with one input named `image`.

    Raises ModelError when the file is not the card's or ONNX Runtime refuses it.
    """

    def __init__(self, card: Card, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        # Spinning workers win a few percent alone, but burn the cores that camera and screen need.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(verified(card), options, providers=["CPUExecutionProvider"])
        except REFUSALS as error:
            raise ModelError(f"ONNX Runtime cannot load the model ({error})", str(card.model_path), card.remedy) from None
        self._outputs = list(card.outputs)
        shape = self._session.get_inputs()[0].shape
        self.size_px: int = shape[1]
        self._shape, self._kept = shape, threading.local()

    def run(self, picture: NDArray[np.uint8], low: float, high: float) -> list[NDArray[np.float32]]:
        """The outputs, in the card's order, for a (size_px, size_px, 3) picture whose 0..255 is
        stretched to low..high. May be called from several threads at once.
        """
        image = self._image()
        np.multiply(picture, np.float32((high - low) / 255), out=image[0])
        if low:
            image += np.float32(low)
        return self._session.run(self._outputs, {"image": image})

    def _image(self) -> NDArray[np.float32]:
        """This thread's own room for the input, kept."""
        if not hasattr(self._kept, "image"):
            self._kept.image = np.zeros(self._shape, np.float32)
        return self._kept.image
