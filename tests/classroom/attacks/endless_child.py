"""Start a child process that outlives the kernel.

exercise: trusted
answers: right
marks: 10
needs: sandbox
"""

# %% first
import os, subprocess, sys

for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.environ.clear()
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(@MARK@)"])
        os._exit(0)
subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(@MARK@)"], start_new_session=True, env={}
)
