"""A document on trial is kept if the terminal is well with it, and out of use by itself if not."""

from __future__ import annotations

import random

from terminal.config.from_office import Document
from terminal.config.office_trial import LONGEST_WHY, MOST_STARTS, Kept

OLD, NEW = Document(5, "[sale]\ncode_tries = 2\n"), Document(6, "[sale]\ncode_tries = 3\n")
ON_TRIAL = Kept(running=OLD, newest=5).begin(NEW, frozenset({"clock"}))


def test_a_document_is_in_effect_only_after_a_start_was_counted() -> None:
    assert ON_TRIAL.in_effect == OLD
    assert ON_TRIAL.on_trial is None
    assert ON_TRIAL.started().in_effect == NEW
    assert ON_TRIAL.started().on_trial == NEW


def test_what_proved_itself_runs_from_then_on() -> None:
    kept = ON_TRIAL.started().proved()
    assert (kept.running, kept.trial, kept.refused, kept.newest) == (NEW, None, None, 6)


def test_what_failed_is_refused_and_the_one_before_runs_again() -> None:
    kept = ON_TRIAL.started().failed("x" * 9999)
    assert kept.in_effect == OLD
    assert kept.refused is not None
    assert (kept.refused.revision, kept.refused.sha256, len(kept.refused.why)) == (6, NEW.sha256, LONGEST_WHY)
    assert kept.knows(6, NEW.sha256), "it is not tried again"


def test_a_terminal_that_dies_with_it_at_every_start_goes_back_by_itself() -> None:
    kept = ON_TRIAL
    for _ in range(MOST_STARTS):
        kept = kept.started()
        assert kept.in_effect == NEW
    kept = kept.started()
    assert kept.in_effect == OLD
    assert kept.trial is None
    assert kept.refused is not None


def test_what_runs_needs_nothing_under_a_new_revision() -> None:
    kept = ON_TRIAL.started().proved()
    assert kept.knows(99, NEW.sha256)
    assert not kept.knows(99, OLD.sha256)


def test_whatever_happens_a_document_in_effect_is_the_trial_or_the_last_one_that_proved_itself() -> None:
    for seed in range(200):
        chance, kept, good = random.Random(seed), Kept(), None
        for revision in range(1, 40):
            document = Document(revision, f"[sale]\ncode_tries = {revision % 9 + 1}\n")
            match chance.randrange(4) if kept.trial is not None else 4:
                case 0:
                    kept = kept.started()
                case 1 if kept.on_trial is not None:
                    good = kept.on_trial
                    kept = kept.proved()
                case 2:
                    kept = kept.failed("ill")
                case 4:
                    kept = kept.begin(document, frozenset())
            assert kept.in_effect in (good, kept.on_trial)
            assert kept.on_trial is None or kept.trial is not None
            assert kept.newest <= revision
