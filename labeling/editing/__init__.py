"""Edits, the store that keeps them, and the one door through which they go."""
