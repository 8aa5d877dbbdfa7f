"""What scripts in Python may ask of brunt itself, whatever the tool they were written for.

    from brunt import blocking

    rows = blocking(cursor.execute)("SELECT ...")     # one call on a helper thread

    @blocking                                         # all calls of a function or method
    def charge(order): ...

    blocking.patch(psycopg2, "connect")               # functions of a library, as it is called elsewhere

docs/blocking.md tells when that is needed.
"""

from brunt_script.helpers import Blocking

blocking = Blocking()

__all__ = ["blocking"]
