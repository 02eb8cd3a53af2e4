"""What the machine does by itself: fitting, solving, tracking, pre-labelling. It proposes; it never moves a human
knot."""
