"""The workers of `boxwright calibrate`."""
