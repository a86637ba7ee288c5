"""What a Python prints that has imported nothing yet."""

import subprocess
import sys


def printed(code: str) -> str:
    """Run code in a new process and return what it prints, less the space around it."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()
