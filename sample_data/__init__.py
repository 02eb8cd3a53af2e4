"""The synthetic recording that ships with Boxwright, and the command that makes it."""
