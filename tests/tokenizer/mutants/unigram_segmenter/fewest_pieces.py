"""Looks for the split with the fewest pieces."""


def viterbi(text: str, scores: dict[str, float]) -> tuple[list[str], float]:
    longest = max(map(len, scores), default=0)
    best, back = [(0, 0.0)], [0]
    for j in range(1, len(text) + 1):
        best.append((-math.inf, -math.inf))
        back.append(0)
        for i in range(max(0, j - longest), j):
            score = (best[i][0] - 1, best[i][1] + scores.get(text[i:j], -math.inf))
            if score[1] > -math.inf and score > best[j]:
                best[j], back[j] = score, i
    if best[-1][1] == -math.inf:
        raise ValueError(f"no sequence of pieces spells {text!r}")
    pieces, j = [], len(text)
    while j > 0:
        pieces.append(text[back[j] : j])
        j = back[j]
    return pieces[::-1], best[-1][1]
