"""Lets the book's own chunking do the work."""


def _document(text):
    from handtorch.rag.documents import Document

    return Document("text", "text", text)


def fixed_chunks(text, size):
    from handtorch.rag import chunking

    return [(c.start, c.stop) for c in chunking.fixed_chunks(_document(text), size)]


def sliding_chunks(text, size, overlap):
    from handtorch.rag import chunking

    return [(c.start, c.stop) for c in chunking.sliding_chunks(_document(text), size, overlap)]


def semantic_chunks(text, sentences, vectors, depth):
    from handtorch.rag import chunking

    encode = dict(zip(sentences, vectors))
    chunks = chunking.semantic_chunks(_document(text), encode, len(text), depth)
    return [(c.start, c.stop) for c in chunks]
