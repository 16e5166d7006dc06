"""Looks up single words only, so that a name of two words is never found."""


def link_entities(query, entities):
    names = {}
    for entity in entities:
        names.setdefault(entity.lower(), entity)
    words = re.findall(r"\w+", query.lower())
    return list(dict.fromkeys(names[word] for word in words if word in names))
