"""Gives a character that is no piece a bad score instead of refusing the text."""


def viterbi(text, scores):
    unknown = min(scores.values()) - 10
    best, back = [0.0], [0]
    for j in range(1, len(text) + 1):
        best.append(-math.inf)
        back.append(0)
        for i in range(j):
            score = best[i] + scores.get(text[i:j], unknown if i == j - 1 else -math.inf)
            if score > best[j]:
                best[j], back[j] = score, i
    pieces, j = [], len(text)
    while j > 0:
        pieces.append(text[back[j] : j])
        j = back[j]
    return pieces[::-1], best[-1]
