"""One module a stage. A stage takes settings and a Run, does its one step, and says what it saw; it knows
nothing of locks, exit codes or cron."""
