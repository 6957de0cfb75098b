"""The server's own log: one JSON object a line on standard error, never the values of local variables."""

import logging
import sys

import structlog


def configure() -> None:
    """Write events as JSON lines; a traceback is told without what its variables held."""
    # It would write whole signed documents, which are people's.
    logging.getLogger("signxml").setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
