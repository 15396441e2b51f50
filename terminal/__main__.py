"""``python -m terminal`` is ``netgiro-terminal``."""

from terminal.commands.main import main

if __name__ == "__main__":
    raise SystemExit(main())
