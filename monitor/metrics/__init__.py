"""The series on /metrics and how they are rendered."""
