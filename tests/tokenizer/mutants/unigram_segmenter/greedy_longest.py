"""Takes the longest piece from the left, as WordPiece does."""


def viterbi(text, scores):
    pieces, i = [], 0
    while i < len(text):
        fits = [text[i:j] for j in range(i + 1, len(text) + 1) if text[i:j] in scores]
        if not fits:
            raise ValueError(f"no piece fits in {text!r} at {i}")
        pieces.append(fits[-1])
        i += len(fits[-1])
    return pieces, sum((scores[piece] for piece in pieces), 0.0)
