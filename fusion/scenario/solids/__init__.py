"""Triangle meshes and the materials they are made of."""
