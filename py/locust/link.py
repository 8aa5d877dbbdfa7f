"""
Between the process that was started and its workers: what listeners of a script send each other, and what the runner of
either knows of the other. The load itself does not go this way (docs/workers.md); without a link, each process is on its own.

A socket in a folder that only this user may enter; messages are (type, data, sender).
"""

import logging
import os
import threading
from multiprocessing.connection import Client, Listener

logger = logging.getLogger(__name__)

_WHERE = "BRUNT_LOCUST_LINK"  # in the environment of workers: address and key


class _Sender:
    """Sends from any thread; what the other side does not take any more is dropped."""

    def __init__(self, connection):
        self._connection = connection
        self._lock = threading.Lock()
        self.is_open = True

    def send(self, kind, data, sender):
        try:
            with self._lock:
                self._connection.send((kind, data, sender))
        except (OSError, ValueError):
            self.is_open = False

    def receive(self, take):
        """Until the other side is gone; `take` gets each message."""
        while True:
            try:
                kind, data, sender = self._connection.recv()
            except (EOFError, OSError):
                self.is_open = False
                self._connection.close()
                return
            try:
                take(kind, data, sender)
            except Exception:
                logger.exception("a listener of the message '%s' failed", kind)


class Hub:
    """The side of the process that was started."""

    def __init__(self, take, gone):
        """take(kind, data, sender) for each message; gone(sender) when one will send no more."""
        self._take, self._gone = take, gone
        self._senders, self._threads = {}, []
        self._is_over = False
        key = os.urandom(16)
        self._listener = Listener(None, "AF_UNIX", backlog=128, authkey=key)
        os.environ[_WHERE] = f"{self._listener.address}|{key.hex()}"
        threading.Thread(target=self._accept, name="locust-link", daemon=True).start()

    def _accept(self):
        while True:
            try:
                sender = _Sender(self._listener.accept())
            except OSError:
                return
            except Exception:  # someone else's key
                if self._is_over:
                    return
                continue
            thread = threading.Thread(target=self._serve, args=(sender,), name="locust-worker", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sender):
        names = []

        def take(kind, data, name):
            if not names:
                names.append(name)
                self._senders[name] = sender
            self._take(kind, data, name)

        sender.receive(take)
        for name in names:
            self._gone(name)

    def send(self, kind, data, receiver=None):
        """To one worker, or to all."""
        for name, sender in list(self._senders.items()):
            if receiver in (None, name):
                sender.send(kind, data, "master")

    def finish(self, seconds):
        """Waits until all workers have said their last, then takes no more."""
        os.environ.pop(_WHERE, None)
        for thread in self._threads:
            thread.join(seconds)
        self._is_over = True
        try:  # who waits for callers hears of the end by one more
            Client(self._listener.address, "AF_UNIX").close()
        except (OSError, EOFError):
            pass
        self._listener.close()


class Spoke:
    """A worker's side."""

    def __init__(self, name, take):
        address, key = os.environ[_WHERE].split("|")
        self.name = name
        self._sender = _Sender(Client(address, "AF_UNIX", authkey=bytes.fromhex(key)))
        self._take = take

    @staticmethod
    def is_there():
        return _WHERE in os.environ

    def listen(self):
        threading.Thread(target=self._sender.receive, args=(self._take,), name="locust-link", daemon=True).start()

    @property
    def is_open(self):
        return self._sender.is_open

    def send(self, kind, data):
        self._sender.send(kind, data, self.name)
