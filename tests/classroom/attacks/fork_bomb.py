"""Start processes that start processes.

exercise: trusted
answers: right
marks: 10
says: more than 16 processes
needs: sandbox
"""

# %% first
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
