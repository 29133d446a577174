"""Whatever is wrong outside the tool is said in one sentence, with the right exit code and no traceback."""
