"""Stand-ins for the 36 authorities on loopback, with faults to switch on."""
