"""Run something before and after every cell.

exercise: trusted
answers: wrong
marks: 0
"""

# %% first
shell = get_ipython()


def patch(*args):
    import builtins

    shell.user_ns.update({name: lambda *a, **n: 3.0 for name in ("case", "require", "report")})


for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
    shell.events.register(event, patch)
