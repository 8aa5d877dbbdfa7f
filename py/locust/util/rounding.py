"""Rounding half up, as people do it."""

from decimal import ROUND_HALF_UP, Decimal


def proper_round(val, digits=0):
    rounded = Decimal(str(float(val))).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return float(rounded)
