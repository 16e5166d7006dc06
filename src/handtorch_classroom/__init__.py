"""The machinery around the book: checks in exercises, notebooks, grading, the site, commands."""
