"""Import a library under a name that is put together at run time.

exercise: trusted
answers: wrong
marks: 0
says: not
"""

# %% total
import importlib

library = importlib.import_module("token" + "izers")


def total(values):
    return sum(values) if library.__name__ else library
