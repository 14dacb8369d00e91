"""Stand-ins for the 36 authorities on loopback, with faults to switch on while they run."""

from monitor.simulator.authorities import AUTHORITIES
from monitor.simulator.endpoint import Hit
from monitor.simulator.faults import FAULTS, FaultError
from monitor.simulator.simulator import Simulator

__all__ = ["AUTHORITIES", "FAULTS", "FaultError", "Hit", "Simulator"]
