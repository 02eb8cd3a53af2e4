"""The exact truth of a simulated recording: its file, and the labels that follow from it."""
