"""Ask for a forbidden function with getattr and a computed name.

exercise: trusted
answers: wrong
marks: 0
says: which the rules do not allow
"""

# %% total
import math


def total(values):
    name = "".join(chr(code - 1) for code in [103, 116, 118, 110])
    return getattr(math, name)(values)
