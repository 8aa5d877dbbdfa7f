"""The standard library's ssl, whose sockets let other users go on."""

from brunt_script import sockets

sockets.install()

from ssl import *  # noqa: E402,F401,F403
