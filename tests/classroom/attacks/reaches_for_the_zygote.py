"""Look for the process that forked this one: its memory, files, sockets, processes, other kernels.

exercise: trusted
answers: wrong
marks: 0
needs: sandbox
"""

# %% first
import ctypes, gc, glob, os, signal, socket, stat

RIGHT = """
def total(values): return float(sum(values))
def double(array): return 2 * array
def counts(words): return {word: words.count(word) for word in words}
def apply(function, values): return [function(value) for value in values]
"""
libc = ctypes.CDLL(None, use_errno=True)
success = []
home = os.path.expanduser("~")


def attempt(what, action):
    try:
        if action():
            success.append(what)
    except Exception:
        pass


own = {1, os.getpid(), *(int(task) for task in os.listdir("/proc/self/task"))}
others = [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in own]
attempt(
    "sees other processes",
    lambda: [p for p in others if "python" in open(f"/proc/{p}/comm").read()],
)
for pid in [*range(2, 300), os.getppid(), -1]:
    if pid not in own and pid != 1:
        attempt(f"signals {pid}", lambda: pid > 1 and os.kill(pid, 0) is None and pid in others)
        attempt(f"ptraces {pid}", lambda: libc.ptrace(16, pid, None, None) == 0)
attempt("kills the first process", lambda: os.kill(1, signal.SIGKILL))
attempt(
    "ptraces the first process for its root",
    lambda: "solutions" in os.listdir("/proc/1/root@ROOT@"),
)
attempt("reads the course", lambda: os.listdir("@ROOT@"))
attempt("reads the class", lambda: os.listdir("@CLASS@"))

# Descriptors that a fork has left open: sockets but those of this kernel, folders, pipes.
for fd in map(int, os.listdir("/proc/self/fd")):

    def folder():
        return stat.S_ISDIR(os.fstat(fd).st_mode) and os.listdir(f"/proc/self/fd/{fd}")

    def orders():
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            return False
        with socket.socket(fileno=os.dup(fd)) as connection:
            if connection.type != socket.SOCK_SEQPACKET:
                return False
            connection.send(b'{"libraries": []}')
            return True

    attempt(f"has a folder open: {fd}", folder)
    attempt(f"gives orders: {fd}", orders)
attempt(
    "has the sockets of others",
    lambda: [
        s for s in gc.get_objects() if type(s).__name__ == "Zygote" and s._control.fileno() >= 0
    ],
)

# The folders of other kernels and judges.
pool = os.path.dirname(os.path.dirname(os.environ["HANDTORCH_JUDGE"]))
mine = {os.path.basename(os.path.dirname(os.environ["HANDTORCH_JUDGE"]))}
attempt("sees other judges", lambda: {n for n in os.listdir(pool) if n.startswith("judge-")} - mine)
attempt(
    "sees other kernels", lambda: len([n for n in os.listdir(pool) if n.startswith("kernel-")]) > 1
)
attempt(
    "sees another scratch",
    lambda: [
        p
        for p in glob.glob("/proc/[0-9]*/root" + os.path.join(os.getcwd(), "*"))
        if "secret-of" in p
    ],
)

# Put back what was taken away: unmount the covers, mount /proc and the devices anew.
for target in (b"/tmp", b"/proc", b"/proc/sys", b"/dev/shm", b"/dev/pts", pool.encode()):
    attempt(f"unmounts {target}", lambda: libc.umount2(target, 2) == 0)


def in_new_namespaces(test):
    """Whether a child that makes itself master of namespaces can do something."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            libc.unshare(0x10000000 | 0x20000)
            for name, text in (
                ("setgroups", "deny"),
                ("uid_map", "0 65534 1"),
                ("gid_map", "0 65534 1"),
            ):
                open(f"/proc/self/{name}", "w").write(text)
            code = 0 if test() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


for target in (b"/tmp", b"/proc", b"/proc/sys", b"/dev/shm", pool.encode()):
    attempt(
        f"unmounts {target}, as a master",
        lambda: in_new_namespaces(lambda: libc.umount2(target, 2) == 0),
    )
attempt(
    "sees below",
    lambda: in_new_namespaces(
        lambda: (
            libc.mount(b"/", home.encode(), None, 4096, None) == 0 and os.listdir(home + "/proc")
        )
    ),
)
attempt("writes system settings", lambda: os.access("/proc/sys/kernel/core_pattern", os.W_OK))
attempt(
    "mounts the settings",
    lambda: in_new_namespaces(
        lambda: (
            libc.mount(b"proc", home.encode(), b"proc", 0, None) == 0
            and os.access(home + "/sys/kernel/core_pattern", os.W_OK)
        )
    ),
)
attempt(
    "has capabilities",
    lambda: int(
        [line for line in open("/proc/self/status") if line.startswith("CapEff")][0].split()[1], 16
    ),
)
attempt(
    "uses the network", lambda: socket.create_connection(("127.0.0.1", int("@PORT@")), timeout=1)
)
attempt("sees interfaces", lambda: [name for _, name in socket.if_nameindex() if name != "lo"])
if success:
    raise RuntimeError("; ".join(success)[:500])

# %% total
if success:
    exec(RIGHT)
else:

    def total(values):
        return 0


# %% double
pass

# %% counts
pass

# %% apply
pass
