"""The frame's application: Python that runs in the browser, and under plain CPython in its tests."""
