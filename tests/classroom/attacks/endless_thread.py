"""Start threads that never end and take the interpreter's lock.

exercise: trusted
answers: right
marks: 10
"""

# %% first
import threading


def spin():
    while True:
        sum(range(1000))


for _ in range(3):
    threading.Thread(target=spin).start()
