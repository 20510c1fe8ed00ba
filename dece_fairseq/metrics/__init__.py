"""Metrics of what models wrote, a file each, and the statistics of their scores.

Importing this registers every metric.
"""

from dece_fairseq.discovery import import_submodules
from dece_fairseq.metrics.metric import METRICS, Metric, MetricSettings, Share

import_submodules(__name__, __path__)

__all__ = ["METRICS", "Metric", "MetricSettings", "Share"]
