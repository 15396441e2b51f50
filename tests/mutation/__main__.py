"""``python -m tests.mutation MODULE``: change a module in small ways, one at a time, and see whether its tests notice.

The checkout is not touched. What survives is printed with its line and its change. Exit 1 if something does.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from tests.mutation.mutants import mutants_of
from tests.mutation.trial import TestsAreRedError, own_tests, survivors_of

ROOT = Path(__file__).parents[2]


def main() -> int:
    """A bounded sample by a seed, so that the same command gives the same mutants again."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("module", type=Path, help="a path, as terminal/sale/step.py")
    parser.add_argument("--sample", type=int, default=40, help="so many mutants; 0: all (default: 40)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="*", help="in place of the module's own unit and property tests")
    parser.add_argument("--patience", type=float, default=20.0, help="processor seconds for one mutant (default: 20)")
    options = parser.parse_args()

    module = options.module.resolve().relative_to(ROOT)
    source = (ROOT / module).read_text(encoding="utf-8")
    tests = options.tests or own_tests(ROOT, module)
    if not tests:
        parser.error(f"{module} has no tests of its own: name some with --tests")
    mutants = mutants_of(source)
    if options.sample and options.sample < len(mutants):
        sample = random.Random(options.seed).sample(range(len(mutants)), options.sample)
        mutants = [mutants[index] for index in sorted(sample)]
    survived = 0
    try:
        for mutant in survivors_of(ROOT, module, mutants, tests, options.patience):
            survived += 1
            print(f"{module}:{mutant.lines.start}: {mutant.what}\n{mutant.diff()}", flush=True)
    except TestsAreRedError as error:
        print(f"the tests of {module} are red without any change: {error}", file=sys.stderr)
        return 2
    killed = len(mutants) - survived
    score = 100 * killed / len(mutants) if mutants else 100.0
    print(f"{module}: {killed} of {len(mutants)} mutants killed, {score:.0f} % (seed {options.seed})")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
