"""What can be looked at: one file per kind, and the table of them."""
