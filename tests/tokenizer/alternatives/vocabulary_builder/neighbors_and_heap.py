"""Corrects only the neighbors of each occurrence, and finds the next pair with a heap."""

import heapq


def count_words(corpus, special_tokens):
    found = {}
    for text in corpus:
        start = place = 0
        while place <= len(text):
            here = [token for token in special_tokens if text.startswith(token, place)]
            if here or place == len(text):
                for word in text[start:place].split():
                    found[word] = found.get(word, 0) + 1
                place += len(max(here, key=len)) if here else 1
                start = place
            else:
                place += 1
    return found


def index_pairs(word_counts):
    words, counts, tally, held = [], [], {}, {}
    for i, (word, count) in enumerate(word_counts.items()):
        words.append([*word])
        counts.append(count)
        for j in range(len(word) - 1):
            pair = word[j], word[j + 1]
            tally[pair] = tally.get(pair, 0) + count
            held.setdefault(pair, set()).add(i)
    return words, counts, tally, held


def apply_merge(pair, words, counts, pair_counts, where):
    if pair not in where:
        return
    left, right = pair
    changed = {pair}

    def add(i, a, b, sign):
        pair_counts[a, b] = pair_counts.get((a, b), 0) + sign * counts[i]
        changed.add((a, b))

    for i in where[pair]:
        word = list(words[i])
        held = set(zip(word, word[1:]))
        j = 0
        while j + 1 < len(word):
            if word[j] == left and word[j + 1] == right:
                add(i, left, right, -1)
                if j:
                    add(i, word[j - 1], left, -1)
                    add(i, word[j - 1], left + right, 1)
                if j + 2 < len(word):
                    add(i, right, word[j + 2], -1)
                    add(i, left + right, word[j + 2], 1)
                word[j : j + 2] = [left + right]
            j += 1
        words[i] = word
        holds = set(zip(word, word[1:]))
        for gone in held - holds - {pair}:
            where[gone].remove(i)
        for born in holds - held:
            where.setdefault(born, set()).add(i)
    del where[pair]
    for other in changed:
        if pair_counts.get(other) == 0:
            del pair_counts[other]
            where.pop(other, None)


def build_vocabulary(corpus, size, special_tokens, min_frequency):
    if min_frequency <= 0:
        raise ValueError(f"min_frequency must be positive, not {min_frequency}")
    if sorted(set(special_tokens) - {""}) != sorted(special_tokens):
        raise ValueError("special_tokens must be distinct and not empty")
    words, counts, tally, held = index_pairs(count_words(corpus, special_tokens))
    tokens = list(special_tokens) + sorted({symbol for word in words for symbol in word})
    if len(tokens) > size:
        raise ValueError(f"size must be at least {len(tokens)}")
    tally, held, merges = Counter(tally), defaultdict(set, held), []
    heap = [(-count, pair) for pair, count in tally.items()]
    heapq.heapify(heap)
    while len(tokens) < size and heap:
        count, pair = heapq.heappop(heap)
        if -count != tally.get(pair, 0):
            if pair in tally:
                heapq.heappush(heap, (-tally[pair], pair))
            continue
        if -count < min_frequency:
            break
        before = set(tally)
        apply_merge(pair, words, counts, tally, held)
        for born in set(tally) - before:
            heapq.heappush(heap, (-tally[born], born))
        merges.append(pair)
        tokens.append(pair[0] + pair[1])
    return tokens, merges
