"""Takes the shortest name that fits, not the longest."""


def link_entities(query, entities):
    names = {}
    for entity in entities:
        names.setdefault(split(entity), entity)
    names.pop((), None)
    tokens, found, i = split(query), [], 0
    while i < len(tokens):
        for n in range(1, max(map(len, names), default=0) + 1):
            if tokens[i : i + n] in names:
                found.append(names[tokens[i : i + n]])
                i += n - 1
                break
        i += 1
    return list(dict.fromkeys(found))
