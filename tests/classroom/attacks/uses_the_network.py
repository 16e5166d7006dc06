"""Ask a server on this machine for the answer.

exercise: trusted
answers: wrong
marks: 0
needs: sandbox
"""

# %% total
import socket, urllib.request

PORT = int("@PORT@")


def total(values):
    try:
        return float(urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=2).read())
    except OSError:
        pass
    try:
        return float(socket.create_connection(("127.0.0.1", PORT), 2).recv(100))
    except (OSError, ValueError):
        return 0
