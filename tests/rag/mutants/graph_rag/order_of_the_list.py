"""Returns the names in the order of the list of entities."""


def link_entities(query, entities):
    names = {}
    for entity in entities:
        names.setdefault(split(entity), entity)
    names.pop((), None)
    tokens, found, i = split(query), set(), 0
    while i < len(tokens):
        for n in range(len(tokens) - i, 0, -1):
            if tokens[i : i + n] in names:
                found.add(names[tokens[i : i + n]])
                i += n - 1
                break
        i += 1
    return [entity for entity in entities if entity in found]
