"""What is probably wrong with labels: rules, checks, and repairs."""
