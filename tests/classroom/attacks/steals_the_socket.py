"""Put a socket of its own in the place of the judge's.

exercise: trusted
answers: right
marks: 10
needs: sandbox
"""

# %% first
import os, socket

path = os.environ["HANDTORCH_JUDGE"]
for action in (
    lambda: os.unlink(path),
    lambda: os.rename(path, path + "x"),
    lambda: socket.socket(socket.AF_UNIX).bind(path),
    lambda: os.chmod(path, 0),
    lambda: os.symlink("/etc/passwd", path + "y"),
):
    try:
        action()
    except OSError:
        pass
