"""Raise exceptions that do things when they are shown.

exercise: trusted
answers: wrong
marks: 0
"""


# %% total
class Hostile(ValueError):
    def __str__(self):
        raise SystemExit(0)

    __repr__ = __str__

    @property
    def args(self):
        raise SystemExit(0)


def total(values):
    raise Hostile("x")


def double(array):
    raise SystemExit(0)


def counts(words):
    raise GeneratorExit


def apply(function, values):
    raise StopIteration
