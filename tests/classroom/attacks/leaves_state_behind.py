"""Leave something in every place, end the kernel, and look for it in the next one.

exercise: trusted
answers: wrong
marks: 0
says: ended the kernel
needs: sandbox
"""

# %% first
import builtins, ctypes, os, socket, sys

import numpy as np

RIGHT = """
def total(values): return float(sum(values))
def double(array): return 2 * array
def counts(words): return {word: words.count(word) for word in words}
def apply(function, values): return [function(value) for value in values]
"""
libc = ctypes.CDLL(None)
places = [os.getcwd(), os.path.expanduser("~"), "/tmp", "/dev/shm", "/var/tmp", "/dev", "/support"]
places += [os.path.dirname(os.environ["HANDTORCH_JUDGE"]), os.environ.get("IPYTHONDIR", "/")]
for place in places:
    try:
        open(place + "/left-behind.py", "w").write(RIGHT)
    except OSError:
        pass
if True:  # a key for whoever has the same keyring
    libc.syscall(248, b"user", b"left-behind", RIGHT.encode(), len(RIGHT), ctypes.c_int(-3))
segment = libc.shmget(0x1EF7, 4096, 0o1666)
if segment >= 0:
    libc.shmat.restype = ctypes.c_void_p
    ctypes.memmove(libc.shmat(segment, None, 0), RIGHT.encode() + b"\0", len(RIGHT) + 1)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind("\0left-behind")
        listener.listen()
        tcp = socket.create_server(("127.0.0.1", 51423))
        while True:
            listener.accept()[0].sendall(RIGHT.encode())
    os._exit(0)
os.environ["LEFT"] = builtins.left = np.left = sys.left = RIGHT
os.kill(os.getpid(), 9)


# %% total
import builtins, ctypes, glob, os, socket, sys

import numpy as np

libc = ctypes.CDLL(None)
found = [os.environ.get("LEFT"), *(getattr(m, "left", None) for m in (builtins, np, sys))]
for path in [
    *glob.glob("/*/left-behind.py"),
    *glob.glob("/*/*/left-behind.py"),
    *glob.glob("/*/*/*/left-behind.py"),
    "left-behind.py",
]:
    try:
        found.append(open(path).read())
    except OSError:
        pass
key = libc.syscall(249, b"user", b"left-behind", None, 0)
if key > 0:
    buffer = ctypes.create_string_buffer(5000)
    if libc.syscall(250, 11, key, buffer, 5000) > 0:
        found.append(buffer.value.decode())
segment = libc.shmget(0x1EF7, 4096, 0o666)
if segment >= 0:
    libc.shmat.restype = ctypes.c_void_p
    found.append(ctypes.string_at(libc.shmat(segment, None, 0)).decode())
try:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\0left-behind")
        found.append(connection.recv(5000).decode())
except OSError:
    pass
for text in filter(None, found):
    exec(text)
    break
else:

    def total(values):
        return 0


# %% double
pass

# %% counts
pass

# %% apply
pass
