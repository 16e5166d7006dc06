"""Return an object that equals everything.

exercise: trusted
answers: wrong
marks: 0
"""


# %% total
class Yes:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __lt__(self, other):
        return True

    __le__ = __gt__ = __ge__ = __lt__

    def __sub__(self, other):
        return 0.0

    __rsub__ = __add__ = __radd__ = __sub__

    def __abs__(self):
        return 0.0

    def __float__(self):
        return 0.0

    def __bool__(self):
        return True

    def __hash__(self):
        return 0


def total(values):
    return Yes()


def double(array):
    return Yes()


def counts(words):
    return Yes()


def apply(function, values):
    return Yes()
