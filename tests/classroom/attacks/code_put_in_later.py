"""Swap the code of the function when nobody looks.

exercise: trusted
answers: wrong
marks: 0
says: which the rules do not allow
"""

# %% total
import math


def total(values):
    return 0.0


def other(values):
    return math.fsum(values)


total.__code__ = other.__code__
