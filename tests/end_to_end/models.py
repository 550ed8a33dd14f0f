"""The pose models that are compared."""

from __future__ import annotations

from station.config import PoseSection
from station.ports import Estimator
from station.pose.estimator import open_estimator


def open_model(name: str) -> Estimator:
    """Raises ConfigError for an unknown name, ModelError for a file that is not what its card says."""
    return open_estimator(PoseSection(model=name, threads=1))
