"""The metrics of ``dece evaluate``, a file each. Importing this registers every one."""

from dece_fairseq.discovery import import_submodules
from dece_fairseq.scoring.metrics.metric import METRICS, Metric, MetricSettings, Share

import_submodules(__name__, __path__)

__all__ = ["METRICS", "Metric", "MetricSettings", "Share"]
