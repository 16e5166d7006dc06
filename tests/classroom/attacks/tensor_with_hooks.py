"""Return a right kind of tensor that computes nothing.

exercise: tensors
answers: wrong
marks: 0
"""

# %% halve
import torch


def halve(x):
    y = torch.zeros(3, requires_grad=True)
    y.register_hook(lambda gradient: gradient * 0 + 0.5)
    y.shape_of_mine = (3,)
    y.equal = y.allclose = lambda *args: True
    return y
