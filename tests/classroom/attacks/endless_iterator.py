"""Return an iterator, a list and a text that never end.

exercise: trusted
answers: wrong
marks: 0
"""

# %% total
import itertools


def total(values):
    return itertools.count()


def double(array):
    return itertools.cycle([1])


def counts(words):
    endless = []
    endless.append(endless)
    return endless
