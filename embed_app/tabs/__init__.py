"""One phone in many tabs of a browser: who owns it, and what the others show."""
