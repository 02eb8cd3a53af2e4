"""Actors put into a recording: they hide what is behind them and are hidden by what is in front, in sweeps and photos.

The recording stays what it is elsewhere: a sweep or a photo that no actor meets is the same, byte for byte.
"""
