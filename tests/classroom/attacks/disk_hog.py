"""Fill the scratch folder, the shared memory and the home with files.

exercise: trusted
answers: right
marks: 10
needs: sandbox
"""

# %% first
import os

for root in (".", "/dev/shm", os.path.expanduser("~"), "/tmp"):
    for number in range(100):
        try:
            with open(f"{root}/{number}", "wb") as file:
                file.write(bytes(50_000_000))
        except OSError:
            break
