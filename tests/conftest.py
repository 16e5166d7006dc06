"""What all tests share: the repository's root, and the kill table after the last test."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


def pytest_terminal_summary(terminalreporter):
    """Print the rows that the exercise tests recorded, whichever worker ran them."""
    rows = sorted(
        value
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for name, value in report.user_properties
        if name == "kill_row"
    )
    if rows:
        terminalreporter.section("kill table: wrong answers tried and killed")
        for row in rows:
            terminalreporter.write_line(row)
