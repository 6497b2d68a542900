"""The calls that are over, and do not disturb: what the server keeps for the user beyond the page."""
