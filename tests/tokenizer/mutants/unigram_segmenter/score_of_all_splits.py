"""Returns log P(text), the sum over all splits, beside the best split."""


def viterbi(text: str, scores: dict[str, float]) -> tuple[list[str], float]:
    longest = max(map(len, scores), default=0)
    best, back = [0.0], [0]
    for j in range(1, len(text) + 1):
        best.append(-math.inf)
        back.append(0)
        for i in range(max(0, j - longest), j):
            score = best[i] + scores.get(text[i:j], -math.inf)
            if score > best[j]:
                best[j], back[j] = score, i
    if best[-1] == -math.inf:
        raise ValueError(f"no sequence of pieces spells {text!r}")
    pieces, j = [], len(text)
    while j > 0:
        pieces.append(text[back[j] : j])
        j = back[j]
    return pieces[::-1], forward(text, scores)[-1]


def forward(text: str, scores: dict[str, float]) -> list[float]:
    longest = max(map(len, scores), default=0)
    before = [0.0]
    for j in range(1, len(text) + 1):
        starts = [i for i in range(max(0, j - longest), j) if text[i:j] in scores]
        before.append(log_sum([before[i] + scores[text[i:j]] for i in starts]))
    return before


def log_sum(x: list[float]) -> float:
    top = max(x, default=-math.inf)
    if top == -math.inf:
        return top
    return top + math.log(math.fsum(math.exp(value - top) for value in x))
