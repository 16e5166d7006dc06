"""Return an object whose class says that it is another one.

exercise: trusted
answers: wrong
marks: 0
"""


# %% total
class Yes(float):
    __class__ = property(lambda self: float)

    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


class Dict(dict):
    __class__ = property(lambda self: dict)

    def __eq__(self, other):
        return True

    def __contains__(self, key):
        return True

    def __getitem__(self, key):
        return Yes()

    def __len__(self):
        return 2

    def __iter__(self):
        return iter(["a", "b"])

    def keys(self):
        return ["a", "b"]

    def items(self):
        return [("a", 2), ("b", 1)]


class List(list):
    def __eq__(self, other):
        return True

    def __len__(self):
        return 3

    def __iter__(self):
        return iter([Yes()] * 3)


def total(values):
    return Yes()


def counts(words):
    return Dict()


def apply(function, values):
    return List()
