"""Where Locust sets up logging; brunt's own lines go where its options say."""

import logging
import socket

# An exception that nobody caught; scripts read it.
unhandled_greenlet_exception = False


def setup_logging(loglevel="INFO", logfile=None):
    """The root logger, unless the script has set it up."""
    host = socket.gethostname()
    logging.basicConfig(level=(loglevel or "INFO").upper(), filename=logfile,
                        format=f"[%(asctime)s] {host}/%(levelname)s/%(name)s: %(message)s")
