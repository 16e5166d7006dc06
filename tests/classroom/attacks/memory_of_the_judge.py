"""Return something that is too large for the judge.

exercise: trusted
answers: wrong
marks: 0
"""


# %% total
def total(values):
    return ["x" * 1000] * 2_000_000


def double(array):
    import numpy as np

    return np.zeros(10**8)
