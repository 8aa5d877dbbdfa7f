#!/usr/bin/env python3
"""A script of the gallery measures what was answered: tests/gallery/scripts.py PROGRAM SCRIPT [BRUNT]

PROGRAM runs the script SCRIPT.js of examples/gallery for about three seconds; it may be k6, and then BRUNT is the
target. Sums in its summary must be those that the target has kept: tokens, dollars, orders, circuits.
"""
import sys

from ledger import CHECKS, check, run_script, target_of
from servers import finish

THRESHOLDS_CROSSED = 99


def main(program, name, brunt):
    with target_of(brunt) as target:
        code, output, metrics, ledger = run_script(program, target, name)
    # Times of a busy machine may cross a threshold; anything else is an error of the script.
    check("the run", code in (0, THRESHOLDS_CROSSED), output)
    check("nothing was thrown", "rror:" not in output.replace("server_error", ""), output)
    if metrics:
        check("checks", metrics["checks"]["fails"] == 0 < metrics["checks"]["passes"], metrics["checks"])
        CHECKS[name](metrics, ledger)
    check("there is a summary", metrics, output)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[2] not in CHECKS:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[-1] if len(sys.argv) == 4 else sys.argv[1])
    finish()
