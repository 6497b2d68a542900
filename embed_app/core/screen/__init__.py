"""What the agent has in front of them when no call decides it."""
