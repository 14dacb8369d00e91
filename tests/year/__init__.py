"""A year in minutes: the daemon lives through drawn troubles, and what it told is held against what really happened.

Everything is real but the looks, the readings, the receivers' transport and the clock. docs/alert-quality.md says how it judges.
"""
