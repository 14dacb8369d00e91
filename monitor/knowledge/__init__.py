"""Facts about the authorities, their codes and their words, as data with sources."""
