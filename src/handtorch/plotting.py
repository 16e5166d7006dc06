"""Figures that look alike on every page, in colors that color-blind readers tell apart."""

from typing import Any

import matplotlib.pyplot as plt
from cycler import cycler

#: Okabe and Ito's palette, in the order of use.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")


def figure(width: float = 7.0, height: float = 3.2, columns: int = 1) -> tuple[Any, Any]:
    """A figure and its axes in the book's style.

    Args:
        width: inches.
        height: inches.
        columns: how many axes side by side; with more than one, an array of them is returned.
    """
    style: dict[Any, Any] = {
        "axes.prop_cycle": cycler(color=COLORS),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.3,
        "font.size": 10,
        "savefig.dpi": 144,
        "figure.dpi": 144,
    }
    plt.rcParams.update(style)  # the inline backend draws after this function has returned
    return plt.subplots(1, columns, figsize=(width, height), layout="constrained")
