"""Crash the interpreter in the tested function.

exercise: trusted
answers: right
marks: 7
says: ended the kernel
"""

# %% total
import ctypes


def total(values):
    return ctypes.string_at(0)
