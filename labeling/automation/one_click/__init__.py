"""One click makes a cuboid: from a point, a pixel's ray or a rough box to a pose, a size and how sure they are."""
