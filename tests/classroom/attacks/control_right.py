"""A right answer, to see that it is one.

exercise: trusted
answers: right
marks: 10
says: all 4 tests passed
"""

# %% first
print("a right answer")
