"""`python -m datamover_dev`: what the Makefile's demo, up and down call."""

from __future__ import annotations

import argparse
import sys

from datamover_dev.demo.show import demo
from datamover_dev.errors import SetupError
from datamover_dev.stack import keeper


def main() -> int:
    """Run one command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m datamover_dev", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args().command]
    try:
        command()
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; everything is stopped.", file=sys.stderr)
        return 130
    return 0


def _up() -> None:
    keeper.up(say=print)
    print("\nTo use it:    source .local/env\nTo stop it:   make down")


def _down() -> None:
    print("Stopped." if keeper.down() else "Nothing is running.")


COMMANDS = {"demo": demo, "up": _up, "down": _down, "keep": keeper.keep}

if __name__ == "__main__":
    sys.exit(main())
