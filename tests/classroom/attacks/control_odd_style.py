"""A right answer with numpy numbers, generators, counters and threads.

exercise: trusted
answers: right
marks: 10
says: all 4 tests passed
"""

# %% first
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
import numpy as np


# %% total
def total(values):
    return np.float64(np.add.reduce([0.0, *values]))


# %% double
def double(array):
    return np.array([2 * float(x) for x in array])


# %% counts
def counts(words):
    return Counter(words)


# %% apply
def apply(function, values):
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(function, values))
