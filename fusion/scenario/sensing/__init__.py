"""How sensors see a synthetic world."""
