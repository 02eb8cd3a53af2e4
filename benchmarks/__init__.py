"""Measurements side by side with peers, in one run: `python -m benchmarks.NAME [--json]`; `benchmarks.all` runs them.

Ratios travel from machine to machine, milliseconds do not: repetitions of ours and the peer's alternate, and medians
are compared.
"""
