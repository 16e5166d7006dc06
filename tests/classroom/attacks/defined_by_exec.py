"""Define the function by a text.

exercise: trusted
answers: wrong
marks: 0
says: which the rules do not allow
"""

# %% total
exec("def total(values):\n    import math\n    return math.fsum(values)")
