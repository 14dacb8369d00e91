"""The Grafana dashboards as plain data: `python -m dashboards.generate` writes dashboards/*.json from these modules."""
