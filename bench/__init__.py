"""`make bench`: the frame against a plain-JavaScript page that does the same work, in one run.

__main__.py  the command line         plan.py        what is started, how often
session.py   one start, measured      site.py        the server with both pages, and what it counts
chromium.py  a browser of its own     link.py        a slow network
memory.py    the frame's process      progress.py    the line that tells how far it is
metrics.py   what is measured, and the aims          report.py   the table and bench/RESULTS.md

The reference page and the parent are in public/bench/, the only JavaScript here.
"""
