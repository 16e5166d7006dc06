"""Leave a file wherever that is possible, the gradebook included.

exercise: trusted
answers: right
marks: 10
needs: sandbox
"""

# %% first
import os

for root in (
    "/",
    "/tmp",
    "/var/tmp",
    "/etc",
    "/usr",
    "/root",
    "/home",
    "/dev",
    "/dev/shm",
    "@ROOT@",
    "@CLASS@",
    "@ROOT@/grading",
    "@ROOT@/solutions",
    os.path.expanduser("~"),
    os.getcwd(),
):
    for path in (
        f"{root}/handtorch-was-here",
        f"{root}/gradebook.db",
        f"{root}/../handtorch-was-here",
    ):
        try:
            open(path, "a").write("x")
        except OSError:
            pass
