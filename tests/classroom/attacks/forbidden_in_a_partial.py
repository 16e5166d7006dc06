"""Hide a forbidden function in a partial, a default, a closure and a class.

exercise: trusted
answers: wrong
marks: 0
says: which the rules do not allow
"""

# %% total
import functools, math


class Holder:
    run = staticmethod(functools.partial(math.fsum))


def total(values, _run=Holder.run):
    return _run(values)
