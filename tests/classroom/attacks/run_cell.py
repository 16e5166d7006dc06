"""Let IPython report success without running anything.

exercise: trusted
answers: wrong
marks: 0
says: did not run to its end
"""

# %% first
shell = get_ipython()
from IPython.core.interactiveshell import ExecutionResult


async def succeed(*args, **named):
    return ExecutionResult(None)


shell.run_cell = lambda *args, **named: ExecutionResult(None)
shell.run_cell_async = succeed
shell.should_run_async = lambda *args, **named: True
