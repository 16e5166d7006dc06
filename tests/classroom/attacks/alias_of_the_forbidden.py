"""Use a forbidden function under another name.

exercise: trusted
answers: wrong
marks: 0
says: fsum, which the rules do not allow
"""

# %% total
import math

plus = math.fsum


def total(values):
    return float(plus(values))
