"""Returns the same empty value every time."""


def rewrite(query, history):
    return ""


def relevance_model(passages):
    return {}


def expand(query, synonyms, passages, terms=10, synonym_weight=0.5, feedback_weight=0.25):
    return {}
