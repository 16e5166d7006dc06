"""Goes on with the next word after a name, so that the names inside it are found as well."""


def link_entities(query, entities):
    names = {}
    for entity in entities:
        names.setdefault(split(entity), entity)
    names.pop((), None)
    tokens, found = split(query), []
    for i in range(len(tokens)):
        for n in range(len(tokens) - i, 0, -1):
            if tokens[i : i + n] in names:
                found.append(names[tokens[i : i + n]])
                break
    return list(dict.fromkeys(found))
