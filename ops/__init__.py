"""The running of it: who may run when, what the log says, how a task talks to a person."""

import sys

# Invoke turns the writing of bytecode off, so that every start would compile all of this anew. Python's own
# switch (PYTHONDONTWRITEBYTECODE) decides.
sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
