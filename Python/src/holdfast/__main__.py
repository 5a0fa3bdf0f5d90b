"""``python -m holdfast`` runs the command line tool: ``python -m holdfast --help`` lists its commands."""

from __future__ import annotations

import os
import sys

# EX_UNAVAILABLE of sysexits.h.
EXIT_UNAVAILABLE = 69


def main() -> None:
    """Replaces this process by the tool, with the arguments of the command line."""
    tool = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "holdfast")
    if not os.path.isfile(tool):
        message = f"this installation of the package does not carry the command line tool: there is no {tool}"
        print(f"holdfast: {message}; the library works without it", file=sys.stderr)
        sys.exit(EXIT_UNAVAILABLE)
    try:
        os.execv(tool, [tool, *sys.argv[1:]])
    except OSError as error:
        print(f"holdfast: {tool} cannot be run: {error.strerror}; install the package again", file=sys.stderr)
        sys.exit(EXIT_UNAVAILABLE)


if __name__ == "__main__":
    main()
