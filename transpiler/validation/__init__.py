"""Proof: a rule's SQL on its fixtures.

``inputs`` (events as physical tables), ``matching`` (rows against what is expected), ``validate`` (the run on both engines),
``verdict`` (what was found).
"""

from transpiler.validation.validate import DELAY, Proof, validate
from transpiler.validation.verdict import Evidence, Outcome, Verdict

__all__ = ["DELAY", "Evidence", "Outcome", "Proof", "Verdict", "validate"]
