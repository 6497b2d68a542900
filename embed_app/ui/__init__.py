"""What the agent sees: `presenter` turns the phone into a `View`, `projection` that into DOM properties."""
