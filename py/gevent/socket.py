"""The standard library's socket, whose sockets let other users go on."""

from brunt_script import sockets

sockets.install()

from socket import *  # noqa: E402,F401,F403
from socket import create_connection, getaddrinfo, socket, socketpair, timeout  # noqa: E402,F401
