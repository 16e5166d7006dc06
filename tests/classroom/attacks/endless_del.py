"""Loop for ever while an object is being removed.

exercise: trusted
answers: right
marks: 7
"""


# %% total
class Endless:
    def __del__(self):
        while True:
            pass


def total(values):
    Endless()
    return float(sum(values))
