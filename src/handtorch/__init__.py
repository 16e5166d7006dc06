"""Reference implementations of the book's algorithms: one chapter, one sub-package."""
