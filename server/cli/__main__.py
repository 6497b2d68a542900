"""`python -m server.cli`."""

from server.cli.root import main

main()
