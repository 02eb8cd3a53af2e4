"""What people say is there: cuboids, tracks, projection, edits, formats."""
