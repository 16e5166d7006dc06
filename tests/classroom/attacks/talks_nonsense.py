"""Send the judge nonsense of every kind.

exercise: trusted
answers: wrong
marks: 0
says: did not run to its end
"""

# %% first
import json, os, socket, struct
from handtorch_classroom import serving

ROUNDS = [
    b"",
    b"{",
    b"[1, 2]",
    b"null",
    json.dumps({"to": 1, "reply": "value", "value": ["mine", -1, {}], "state": {}}).encode(),
    json.dumps(
        {"to": 1, "reply": "value", "value": ["builtin", "eval"], "state": {"j0": ["list", []]}}
    ).encode(),
    json.dumps({"call": 1, "op": "getattr", "value": ["yours", 0], "state": {}}).encode(),
    b"[" * 100_000,
    b'{"to": 1, "reply": "value", "value": ["twin", "k0"], "state": {"k0": ["array", "O", [9], "AAAA"]}}',
]


def serve():
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(os.environ["HANDTORCH_JUDGE"])
        for data in ROUNDS:
            peer.sendall(struct.pack("!Q", len(data)) + data)
        peer.sendall(struct.pack("!Q", 2**62) + b"x" * 1000)


serving.serve = serve
