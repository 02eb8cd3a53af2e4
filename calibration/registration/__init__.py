"""Where one range sensor sits beside another, from the surfaces that both saw."""

from calibration.registration.aligning import CloudPair, Registered, register

__all__ = ["CloudPair", "Registered", "register"]
