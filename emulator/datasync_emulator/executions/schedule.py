"""Schedule expressions."""

from __future__ import annotations


def check_expression(expression: str) -> None:
    """Accept anything, for now."""
