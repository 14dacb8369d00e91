"""The series on /metrics and how they are rendered.

`Metrics` is fed by the pipeline, the watcher and the courier and read by the web server; it knows none of them.
"""

from monitor.metrics.registry import Metrics

__all__ = ["Metrics"]
