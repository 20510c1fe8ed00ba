"""Metrics of what models wrote, a file each, and the statistics of their scores.

``METRICS`` imports the files when a metric is asked for that is not there yet.
"""

from dece_fairseq.metrics.metric import METRICS, Metric, MetricSettings, Share

__all__ = ["METRICS", "Metric", "MetricSettings", "Share"]
