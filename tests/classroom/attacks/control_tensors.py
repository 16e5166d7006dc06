"""A right answer in tensors.

exercise: tensors
answers: right
marks: 4
"""

# %% first
import torch
