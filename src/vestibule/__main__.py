"""Run the command line as `python -m vestibule`."""

from vestibule.cli import main

main()
