"""fapiao-monitor: watches the provincial invoice-verification endpoints and says why one fails."""

__version__ = "0.1.0"
