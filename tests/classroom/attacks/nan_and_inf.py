"""Return what compares oddly: nan, inf, -0.0, a nest of lists.

exercise: trusted
answers: wrong
marks: 0
"""

# %% total
answers = [float("nan"), float("inf"), -0.0, True, None]


def total(values):
    return answers[len(values) % 5]


def double(array):
    return array * float("nan")


def counts(words):
    nest = []
    for _ in range(100_000):
        nest = [nest]
    return nest
