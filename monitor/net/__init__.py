"""One connection, phase by phase: resolve, connect, tls, exchange. The probe's own lean client."""

from monitor.net.client import Net
from monitor.net.ping import PingRequest
from monitor.net.questions import Question
from monitor.net.request import Admit, Hampered, HttpRequest, LimitReached, Request

__all__ = ["Admit", "Hampered", "HttpRequest", "LimitReached", "Net", "PingRequest", "Question", "Request"]
