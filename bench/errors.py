"""What can go wrong."""


class BenchError(Exception):
    """A measurement, or the whole bench, cannot be made. The text says why."""
