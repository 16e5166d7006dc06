"""Looks for a name anywhere in the text of the query, also within words and within longer names."""


def link_entities(query, entities):
    text = query.lower()
    return sorted((e for e in entities if e.lower() in text), key=lambda e: text.index(e.lower()))
