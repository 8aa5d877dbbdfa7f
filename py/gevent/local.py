"""Values of one user or greenlet: each has a thread state of its own."""

from threading import local

__all__ = ["local"]
