"""probes.yaml: from text with places to a plan."""
