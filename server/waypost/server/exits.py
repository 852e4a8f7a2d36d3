"""Exit codes of the server's commands."""

#: A run that failed.
FAILED = 1
#: A command line or setting that cannot be used, as argparse has it.
BAD_USAGE = 2
#: ^C.
INTERRUPTED = 130
