"""Ask the judge's objects for their globals, frames and classes.

exercise: trusted
answers: wrong
marks: 0
"""

# %% apply
import builtins


def apply(function, values):
    loot = []
    for op, *args in [
        ("getattr", "__globals__"),
        ("getattr", "func_globals"),
        ("getattr", "gi_frame"),
        ("method", "__getattribute__", "__globals__"),
        ("operate", "__getattribute__", "__globals__"),
        ("getattr", "__class__"),
        ("setattr", "__code__", None),
        ("repr",),
    ]:
        for thing in (function, values):
            try:
                loot.append(thing._ask(op, thing, *args))
            except BaseException as error:
                loot.append(error)
    for thing in loot:
        if isinstance(thing, dict):
            return list(thing.values())
    return loot
