"""Walks a trie instead of trying substrings, and the text character by character."""

END = object()


def split_word(word, vocab, max_chars=100):
    if max_chars < 1:
        raise ValueError(f"max_chars must be positive, not {max_chars}")
    root = {}
    for piece in vocab:
        node = root
        for character in piece:
            node = node.setdefault(character, {})
        node[END] = piece
    pieces, i = [], 0
    while i < len(word) <= max_chars:
        node, piece, behind = root if i == 0 else root.get("#", {}).get("#", {}), None, i
        for j in range(i, len(word)):
            node = node.get(word[j])
            if node is None:
                break
            if END in node:
                piece, behind = node[END], j + 1
        if piece is None:
            return ["[UNK]"]
        pieces.append(piece)
        i = behind
    return pieces if len(word) <= max_chars else ["[UNK]"]


def wordpiece_encode(text, vocab, max_chars=100):
    words, inside = [], False
    for position, character in enumerate(text):
        if character.isspace():
            inside = False
        elif character in string.punctuation:
            words.append([position, character])
            inside = False
        elif inside:
            words[-1][1] += character
        else:
            words.append([position, character])
            inside = True
    tokens = []
    if max_chars < 1:
        raise ValueError(f"max_chars must be positive, not {max_chars}")
    for position, word in words:
        for n, piece in enumerate(split_word(word, vocab, max_chars)):
            length = len(word) if piece == "[UNK]" else len(piece) - (2 if n else 0)
            tokens.append((piece, position, position + length))
            position += length
    return tokens
