"""Sockets whose waiting suspends a user, in place of those of the standard library: so libraries in Python (requests, urllib,
redis, websocket-client) let other users go on, as they do where gevent has patched them.

To the kernel all of these sockets never block. What they are told about blocking and time-outs they keep themselves, and wait
accordingly: a user by being suspended, a thread of the script's in poll().
"""

import errno
import os
import select
import socket
import ssl
import time

import _brunt
from brunt_script import helpers

_Plain, _PlainTLS = socket.socket, ssl.SSLSocket
_resolve = socket.getaddrinfo
_UNDER_WAY = (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR)


def _poll(fd, writes, seconds):
    """On a thread that runs no user."""
    poll = select.poll()
    poll.register(fd, select.POLLOUT if writes else select.POLLIN)
    return bool(poll.poll(None if seconds is None else max(seconds, 0) * 1000))


class _Patient:
    """What both kinds of sockets have in common; before the plain class in the order of bases."""

    _patience = None  # seconds; None: blocking; 0: non-blocking

    def _become(self, seconds):
        self._patience = seconds
        _Plain.setblocking(self, False)

    # ---- what others see of it ----

    def settimeout(self, value):
        if value is not None:
            value = float(value)
            if value < 0:
                raise ValueError("Timeout value out of range")
        self._become(value)

    def gettimeout(self):
        return self._patience

    timeout = property(gettimeout)

    def setblocking(self, flag):
        self._become(None if flag else 0.0)

    def getblocking(self):
        return self._patience != 0

    def detach(self):
        """Whoever takes the descriptor (multiprocessing, asyncio) knows nothing of this: it blocks if it was said to."""
        if self.fileno() >= 0:
            _Plain.setblocking(self, self._patience is None)
        return super().detach()

    # ---- waiting ----

    def _due(self):
        return None if self._patience is None else time.monotonic() + self._patience

    def _wait(self, writes, due):
        left = None if due is None else due - time.monotonic()
        fd = self.fileno()
        if fd < 0:
            raise OSError(errno.EBADF, "Bad file descriptor")
        if left is not None and left <= 0:
            raise TimeoutError("timed out")
        wait = _poll if _brunt.strand() is None else _brunt.wait_fd
        if not wait(fd, writes, left):
            raise TimeoutError("timed out")

    def _again(self, writes, func, *args):
        """func(self, *args) until it need not wait."""
        if self._patience == 0:
            return func(self, *args)
        due = None
        while True:
            try:
                return func(self, *args)
            except ssl.SSLWantReadError:
                wants_write = False
            except ssl.SSLWantWriteError:
                wants_write = True
            except BlockingIOError:
                wants_write = writes
            due = due or self._due()
            self._wait(wants_write, due)


class Socket(_Patient, _Plain):
    """A plain one."""

    def __init__(self, *args, **kwargs):
        _Plain.__init__(self, *args, **kwargs)
        self._become(socket.getdefaulttimeout())

    def _connecting(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_numeric(address[0]):
            found = getaddrinfo(address[0], address[1], self.family, self.type, self.proto)
            address = found[0][4]
        code = _Plain.connect_ex(self, address)
        if code in _UNDER_WAY and self._patience != 0:
            self._wait(True, self._due())
            code = self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return code

    def connect(self, address):
        code = self._connecting(address)
        if code and code != errno.EISCONN:
            raise OSError(code, os.strerror(code))

    def connect_ex(self, address):
        try:
            return self._connecting(address)
        except TimeoutError:
            return errno.EAGAIN
        except OSError as e:
            return e.errno

    def accept(self):
        fd, address = self._again(False, _Plain._accept)
        made = Socket(self.family, self.type, self.proto, fileno=fd)
        return made, address

    def dup(self):
        made = Socket(self.family, self.type, self.proto, fileno=os.dup(self.fileno()))
        made.settimeout(self.gettimeout())
        return made

    def recv(self, *args):
        return self._again(False, _Plain.recv, *args)

    def recv_into(self, *args):
        return self._again(False, _Plain.recv_into, *args)

    def recvfrom(self, *args):
        return self._again(False, _Plain.recvfrom, *args)

    def recvfrom_into(self, *args):
        return self._again(False, _Plain.recvfrom_into, *args)

    def recvmsg(self, *args):
        return self._again(False, _Plain.recvmsg, *args)

    def send(self, *args):
        return self._again(True, _Plain.send, *args)

    def sendto(self, *args):
        return self._again(True, _Plain.sendto, *args)

    def sendmsg(self, *args):
        return self._again(True, _Plain.sendmsg, *args)

    def sendall(self, data, *flags):
        left = memoryview(data).cast("B")
        while left:
            left = left[self.send(left, *flags):]

    def sendfile(self, file, offset=0, count=None):
        return self._sendfile_use_send(file, offset, count)


class TLSSocket(_Patient, _PlainTLS):
    """One that a context of ssl has wrapped."""

    def do_handshake(self, block=False):
        self._again(False, _PlainTLS.do_handshake)

    def read(self, *args):
        return self._again(False, _PlainTLS.read, *args)

    def write(self, *args):
        return self._again(True, _PlainTLS.write, *args)

    def send(self, *args):
        return self._again(True, _PlainTLS.send, *args)

    def unwrap(self):
        return self._again(False, _PlainTLS.unwrap)

    def recv(self, *args):
        return self._again(False, _PlainTLS.recv, *args)

    def recv_into(self, *args):
        return self._again(False, _PlainTLS.recv_into, *args)

    def connect(self, address):
        """Of one that was wrapped before: rare, and as it is."""
        _Plain.setblocking(self, True)
        try:
            _PlainTLS.connect(self, address)
        finally:
            _Plain.setblocking(self, False)


def _is_numeric(host):
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
            return True
        except (OSError, TypeError):
            pass
    return host in ("", None, "<broadcast>")


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    if _brunt.strand() is None or host is None or _is_numeric(host):
        return _resolve(host, port, family, type, proto, flags)
    return helpers.run(_resolve, (host, port, family, type, proto, flags), {})


def install():
    """For the rest of the process; sockets that exist stay as they are."""
    if socket.socket is Socket or getattr(_brunt, "IS_ABSENT", False):
        return
    socket.socket = socket.SocketType = Socket
    socket.getaddrinfo = getaddrinfo
    for name in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
        setattr(socket, name, helpers.Blocking()(getattr(socket, name)))
    ssl.SSLContext.sslsocket_class = TLSSocket
