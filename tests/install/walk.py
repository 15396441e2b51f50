"""A person before a terminal window in the machine: tmux has the window, and shows what stands in it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.install.clean_machine import CleanMachine
from tests.integration.netgiro import APPLICATION_ID
from tests.integration.process import wait_until

ENDED = "THE COMMAND HAS ENDED"
MOST_QUESTIONS = 80
LINES_OF_A_QUESTION = 14

SEEN_IN_SETUP = [
    ("Tungumál / language", "is"),
    ("Hvað talar kassinn?", "1"),
    ("Tengi við kassa", "/dev/register"),
    ("Application ID frá Netgíró", APPLICATION_ID),
    ("Leynilykill", ""),
    ("Auðkenni posans", "T7"),
    ("Nafn búðar", "Blómabúðin"),
    ("Símanúmer", "555 1234"),
    ("Starfsmannakóði", "4711"),
    ("Prentari", "none"),
    ("Stýring skjásins", "none"),
    ("Prenta prufumiða", "n"),
    ("Prófa takkaborðið", "n"),
    ("Prófa sölu", "n"),
]
"""What stands on the screen, and what is typed then; Enter at whatever else is asked."""


class Walk:
    """Reads the question at the cursor and answers it; Enter at whatever nobody has told it an answer to."""

    def __init__(self, machine: CleanMachine, command: str) -> None:
        self._machine = machine
        self.seen = ""
        self._tmux("new-session", "-d", "-s", "walk", "-x", "160", "-y", "50", f"{command}; echo {ENDED}; sleep 600")

    def through(self, answers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Until the command ends; the answers that nobody asked for. Each is: words on the screen, what is typed."""
        left = list(answers)
        for _ in range(MOST_QUESTIONS):
            self._wait_for_a_question()
            if ENDED in self.seen:
                break
            question = self.seen.splitlines()[-LINES_OF_A_QUESTION:]
            is_known = bool(left) and any(left[0][0] in line for line in question)
            self._tmux("send-keys", "-t", "walk", "-l", left.pop(0)[1] if is_known else "")
            self._tmux("send-keys", "-t", "walk", "Enter")
        self._tmux("kill-server")
        return left

    def _wait_for_a_question(self) -> None:
        before = self.seen

        def is_there() -> bool:
            # Without the empty end: a line that only scrolled up is no new question.
            self.seen = self._tmux("capture-pane", "-p", "-S", "-", "-t", "walk").rstrip()
            last = self.seen.splitlines()[-1:]
            return self.seen != before and (ENDED in self.seen or any(line.endswith(("]:", "[j]")) for line in last))

        wait_until("a question", is_there)

    def _tmux(self, *command: str) -> str:
        return self._machine.run("tmux", "-u", *command)
