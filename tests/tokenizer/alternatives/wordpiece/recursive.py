"""Splits by recursion, the longest head first, and finds words with groupby."""

from itertools import groupby


def split_word(word, vocab, max_chars=100):
    if max_chars <= 0:
        raise ValueError(f"bad max_chars: {max_chars}")
    if len(word) > max_chars:
        return ["[UNK]"]
    return pieces_of(word, frozenset(vocab), "") or ([] if word == "" else ["[UNK]"])


def pieces_of(rest, known, mark):
    """The pieces of `rest`, or None where nothing fits."""
    if not rest:
        return []
    heads = (rest[:n] for n in range(len(rest), 0, -1))
    head = next((head for head in heads if mark + head in known), None)
    if head is None:
        return None
    tail = pieces_of(rest[len(head) :], known, "##")
    return None if tail is None else [mark + head, *tail]


def wordpiece_encode(text, vocab, max_chars=100):
    if max_chars <= 0:
        raise ValueError(f"bad max_chars: {max_chars}")

    def kind(place):
        return text[place].isspace(), place if text[place] in string.punctuation else -1

    tokens = []
    for (space, _), places in groupby(range(len(text)), key=kind):
        places = list(places)
        if space:
            continue
        start, end = places[0], places[-1] + 1
        pieces = split_word(text[start:end], vocab, max_chars)
        if pieces == ["[UNK]"]:
            tokens.append(("[UNK]", start, end))
            continue
        for piece in pieces:
            length = len(piece[2:] if piece[:2] == "##" else piece)
            tokens.append((piece, start, start + length))
            start += length
    return tokens
