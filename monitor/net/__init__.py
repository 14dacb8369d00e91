"""One connection, phase by phase: resolve, connect, tls, exchange. The probe's own lean client."""
