"""Where Locust sets up logging; brunt's own lines go where its options say."""

import logging
import os
import socket


def setup_logging(loglevel="INFO", logfile=None):
    if logfile and os.path.dirname(logfile):
        os.makedirs(os.path.dirname(logfile), exist_ok=True)
    host = socket.gethostname().replace("%", "%%")
    logging.basicConfig(level=loglevel.upper(), filename=logfile,
                        format=f"[%(asctime)s] {host}/%(levelname)s/%(name)s: %(message)s")
