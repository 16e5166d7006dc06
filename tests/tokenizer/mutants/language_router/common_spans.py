"""Makes spans of their own out of common characters."""


def split_by_script(text):
    spans = []
    for char in text:
        kind = script_of(char)
        if spans and spans[-1][0] == kind:
            spans[-1] = (kind, spans[-1][1] + char)
        else:
            spans.append((kind, char))
    return spans
