"""Retrieval-augmented generation: passages of this book answer questions about it."""
