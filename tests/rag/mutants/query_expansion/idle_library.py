"""Lets this project's own module do the work."""


def rewrite(query, history):
    from handtorch.rag import queries

    return queries.rewrite(query, history)


def relevance_model(passages):
    from handtorch.rag import feedback

    return feedback.relevance_model(passages, keep=lambda word: word not in STOP)


def expand(query, synonyms, passages, terms=10, synonym_weight=0.5, feedback_weight=0.25):
    from handtorch.rag import queries

    return queries.expand(
        query,
        synonyms,
        passages,
        synonym_weight=synonym_weight,
        feedback_weight=feedback_weight,
        terms=terms,
        keep=lambda word: word not in STOP,
    )
