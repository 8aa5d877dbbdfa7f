"""Where Locust sets up logging; brunt's own lines go where its options say."""

import logging


def setup_logging(loglevel="INFO", logfile=None):
    logging.basicConfig(level=loglevel.upper(), filename=logfile,
                        format="[%(asctime)s] %(levelname)s/%(name)s: %(message)s")
