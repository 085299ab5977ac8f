"""What tests of a view on a terminal have in common: a terminal of 80 columns, and what is shown on it."""
import os, pty

ENVIRONMENT = {"COLUMNS": "80", "TERM": "vt100", "PATH": "/"}

def rest_of(master):
    """What is shown until the other side is closed."""
    shown = b""
    while True:
        try:
            more = os.read(master, 65536)
        except OSError: # it is
            return shown
        if not more:
            return shown
        shown += more
