"""Reading what others say of the authorities, and writing what we say: one attempt at a time, everything bounded."""
