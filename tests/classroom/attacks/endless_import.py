"""Import a module that never comes to its end.

exercise: trusted
answers: right
marks: 10
says: was stopped
"""

# %% first
open("endless.py", "w").write("while True: pass")
import sys

sys.path.insert(0, ".")
import endless
