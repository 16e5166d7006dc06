"""Trace and profile whatever runs, to change its variables.

exercise: trusted
answers: wrong
marks: 0
"""

# %% first
import sys, threading


def trace(frame, event, arg):
    if "want" in frame.f_locals:
        frame.f_locals["want"] = 0
    return trace


sys.settrace(trace)
sys.setprofile(trace)
threading.settrace(trace)
threading.setprofile(trace)
