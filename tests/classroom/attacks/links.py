"""Put links and pipes where files are looked for.

exercise: trusted
answers: right
marks: 10
needs: sandbox
"""

# %% first
import os

for root in (".", os.path.dirname(os.environ["HANDTORCH_JUDGE"]), os.path.expanduser("~"), "/tmp"):
    for name, target in (("k.json", "/etc/passwd"), ("up", "/"), ("loop", "loop")):
        try:
            os.symlink(target, f"{root}/{name}")
        except OSError:
            pass
    try:
        os.mkfifo(f"{root}/pipe")
    except OSError:
        pass
