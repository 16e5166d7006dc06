"""Take memory in several processes, each within its limit.

exercise: trusted
answers: right
marks: 10
says: more memory than is allowed
needs: sandbox
"""

# %% first
import os, time

for _ in range(4):
    if os.fork() == 0:
        block = b"x" * 400_000_000
        time.sleep(60)
time.sleep(60)
