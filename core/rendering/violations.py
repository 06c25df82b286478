"""What a check of the XML found: the rule, and what is wrong in a plain sentence."""

from core.records import Violation as Violation
