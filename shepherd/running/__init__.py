"""The running of it: who may run when, what the log says, how a task talks to a person."""

import gc
import sys

# Invoke turns the writing of bytecode off, so that every start would compile all of this again. Python's own
# switch (PYTHONDONTWRITEBYTECODE) decides.
sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)

# A task makes many objects, keeps them, and ends: looking for garbage among them is a tenth of a first find.
gc.set_threshold(100_000, 50, 100)
