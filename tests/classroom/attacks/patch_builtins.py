"""Replace the builtins that a comparison is made of.

exercise: trusted
answers: wrong
marks: 0
"""

# %% first
import builtins

builtins.abs = lambda value: 0
builtins.all = builtins.any = builtins.isinstance = builtins.issubclass = lambda *args: True
builtins.len = lambda value: 3
builtins.type = lambda value: list
