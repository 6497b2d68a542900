"""The phone as a pure function: `update(phone, message) -> (phone, effects)`. Standard library only."""
