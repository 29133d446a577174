"""The running of it: who may run when, what the log says, how a task talks to a person."""
