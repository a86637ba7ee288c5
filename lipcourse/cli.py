"""The `lipcourse` command."""


def main() -> None:
    """Run the command line."""
    raise SystemExit("lipcourse: no command yet")
