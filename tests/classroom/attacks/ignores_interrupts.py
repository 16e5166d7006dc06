"""Ignore every signal and loop in the tested function.

exercise: trusted
answers: right
marks: 7
says: could not be interrupted
"""

# %% total
import signal


def total(values):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass
