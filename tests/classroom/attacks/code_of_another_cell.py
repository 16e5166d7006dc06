"""Swap the code from a thread, after the function was looked at.

exercise: trusted
answers: wrong
marks: 0
"""

# %% total
import threading, time


def total(values):
    return 0.0


def swap():
    import math

    def other(values):
        return math.fsum(values)

    while True:
        total.__code__ = other.__code__
        time.sleep(0.001)


threading.Thread(target=swap, daemon=True).start()
from handtorch_classroom import checks

checks._forbidden_use = lambda *args: None
