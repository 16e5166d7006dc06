"""Returns what it was given."""


def rewrite(query, history):
    return query


def relevance_model(passages):
    return passages


def expand(query, synonyms, passages, terms=10, synonym_weight=0.5, feedback_weight=0.25):
    return synonyms
