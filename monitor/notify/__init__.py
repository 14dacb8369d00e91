"""Telling: one file per kind of receiver, and the texts."""
