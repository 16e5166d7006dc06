"""Put an exception that cannot be raised in the place of AssertionError.

exercise: trusted
answers: wrong
marks: 0
"""

# %% first
import builtins


class Never(Exception):
    def __new__(cls, *args):
        return None


builtins.AssertionError = Never
