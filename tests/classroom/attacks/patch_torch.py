"""Make torch's comparisons agree with everything.

exercise: tensors
answers: wrong
marks: 0
"""

# %% first
import torch

torch.allclose = torch.equal = torch.isclose = lambda *args, **named: True
torch.testing.assert_close = lambda *args, **named: None
torch.Tensor.__eq__ = lambda self, other: torch.ones((), dtype=torch.bool)
torch.Tensor.equal = torch.Tensor.allclose = lambda *args, **named: True
