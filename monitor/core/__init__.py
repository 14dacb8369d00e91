"""The rules: values in, values out, with the time handed in. No IO, no clock, no task."""
