"""Answer the grader's request from the kernel's own socket.

exercise: trusted
answers: wrong
marks: 0
says: did not run to its end
"""

# %% first
kernel = get_ipython().kernel
original = kernel.execute_request


async def execute_request(stream, ident, parent):
    reply = {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}
    kernel.session.send(stream, "execute_reply", reply, parent, ident=ident)
    kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent)


kernel.shell_handlers["execute_request"] = execute_request
