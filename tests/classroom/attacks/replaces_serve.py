"""Serve the judge in its own way: say yes to everything.

exercise: trusted
answers: wrong
marks: 0
"""

# %% first
from handtorch_classroom import peers, serving, wire


class Yes:
    def __getattr__(self, name):
        return lambda *args, **named: True


peers.Peer._perform = lambda self, op, target, *args, **named: True
