"""``python -m terminal`` is ``netgiro-terminal``."""

from terminal.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
