"""Print without end from the tested function.

exercise: trusted
answers: right
marks: 10
says: printed more than is kept
"""


# %% total
def total(values):
    for _ in range(200):
        print("x" * 10**6)
    return float(sum(map(float, values)))
