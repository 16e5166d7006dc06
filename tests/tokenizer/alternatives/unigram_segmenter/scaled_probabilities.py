"""Works with probabilities and rescales every column, as one does for an HMM."""


def columns(text, p, skip=None):
    """Forward probabilities of each prefix, as (mantissa, log of the factor taken out)."""
    longest = max(map(len, p), default=1)
    table = [(1.0, 0.0)]
    for j in range(1, len(text) + 1):
        terms = []
        for i in range(max(0, j - longest), j):
            piece = text[i:j]
            if piece in p and piece != skip and table[i][0] > 0:
                terms.append((table[i][0] * p[piece], table[i][1]))
        scale = max((log for _, log in terms), default=0.0)
        value = sum(m * math.exp(log - scale) for m, log in terms)
        table.append((1.0, scale + math.log(value)) if value > 0 else (0.0, 0.0))
    return table


def viterbi(text, scores):
    paths = {0: (0.0, ())}
    for i in range(len(text)):
        if i not in paths:
            continue
        score, path = paths[i]
        for piece, mine in scores.items():
            if text.startswith(piece, i):
                j = i + len(piece)
                if j not in paths or paths[j][0] < score + mine:
                    paths[j] = (score + mine, (*path, piece))
    if len(text) not in paths:
        raise ValueError("no split of " + text)
    return list(paths[len(text)][1]), paths[len(text)][0]


def expected_counts(text, scores):
    p = {piece: math.exp(score) for piece, score in scores.items()}
    a = columns(text, p)
    turned = {piece[::-1]: value for piece, value in p.items()}
    b = columns(text[::-1], turned)[::-1]
    if a[-1][0] == 0:
        raise ValueError("no split of " + text)
    total = math.log(a[-1][0]) + a[-1][1]
    counts = dict.fromkeys(scores, 0.0)
    for i in range(len(text)):
        for piece in scores:
            j = i + len(piece)
            if text.startswith(piece, i) and a[i][0] and b[j][0]:
                counts[piece] += a[i][0] * p[piece] * b[j][0] * math.exp(a[i][1] + b[j][1] - total)
    return counts


def em_step(words, scores):
    counts = dict.fromkeys(scores, 0.0)
    for word, n in words.items():
        one = expected_counts(word, scores)
        counts = {piece: counts[piece] + n * one[piece] for piece in counts}
    total = sum(counts.values())
    new = {}
    for piece, count in counts.items():
        if count > 0:
            new[piece] = math.log(count) - math.log(total)
    return new


def prune(words, scores, size):
    p = {piece: math.exp(score) for piece, score in scores.items()}
    single = sum(1 for piece in scores if len(piece) == 1)
    if size < single:
        raise ValueError(f"size={size} but {single} characters stay")
    loss = dict.fromkeys((piece for piece in scores if len(piece) > 1), 0.0)
    for word, n in words.items():
        whole = columns(word, p)[-1]
        for piece in loss:
            part = columns(word, p, skip=piece)[-1]
            loss[piece] += n * (math.log(whole[0] / part[0]) + whole[1] - part[1])
    result = dict(scores)
    for piece in sorted(loss, key=lambda piece: loss[piece]):
        if len(result) > size:
            del result[piece]
    return result
