"""Adds and subtracts whole Counters of words, and sorts all pairs in each step."""


def count_words(corpus, special_tokens):
    alternatives = [re.escape(token) for token in sorted(special_tokens, key=lambda t: -len(t))]
    cut = re.compile("|".join(alternatives) or r"(?!)")
    return sum((Counter(cut.sub(" ", text).split()) for text in corpus), Counter())


def pairs_of(word, count):
    return Counter({pair: n * count for pair, n in Counter(zip(word, word[1:])).items()})


def index_pairs(word_counts):
    words = [*map(list, word_counts)]
    counts = [*word_counts.values()]
    total = sum(map(pairs_of, words, counts), Counter())
    held = [set(zip(word, word[1:])) for word in words]
    where = {pair: {i for i, pairs in enumerate(held) if pair in pairs} for pair in total}
    return words, counts, total, where


def apply_merge(pair, words, counts, pair_counts, where):
    change = Counter()
    for i in sorted(where.pop(pair, set())):
        new = []
        for symbol in words[i]:
            if new and new[-1] == pair[0] and symbol == pair[1] and not isinstance(new[-1], Glued):
                new[-1] = Glued(pair[0] + pair[1])
            else:
                new.append(symbol)
        new = [str(symbol) for symbol in new]
        before, after = pairs_of(words[i], counts[i]), pairs_of(new, counts[i])
        change.update(after)
        change.subtract(before)
        for other in before.keys() - after.keys() - {pair}:
            where[other].remove(i)
            if len(where[other]) == 0:
                where.pop(other)
        for other in after:
            where[other].add(i)
        words[i] = new
    pair_counts.update(change)
    for other in change:
        if pair_counts[other] == 0:
            pair_counts.pop(other)


class Glued(str):
    """A symbol that has just been glued, and is not glued again in the same merge."""

    def __str__(self):
        return "".join(self)


def build_vocabulary(corpus, size, special_tokens, min_frequency):
    problem = None
    if min_frequency < 1:
        problem = "min_frequency"
    elif not all(special_tokens) or any(special_tokens.count(t) > 1 for t in special_tokens):
        problem = "special_tokens"
    else:
        word_counts = count_words(corpus, special_tokens)
        alphabet = sorted({character for word in word_counts for character in word})
        room = size - len(special_tokens) - len(alphabet)
        if room < 0:
            problem = "size"
    if problem:
        raise ValueError(f"bad {problem}")
    words, counts, pair_counts, where = index_pairs(word_counts)
    where, merges = defaultdict(set, where), []
    for _ in range(room):
        ranked = sorted(pair_counts.items(), key=lambda item: (-item[1], item[0]))
        if not ranked or ranked[0][1] < min_frequency:
            break
        merges.append(ranked[0][0])
        apply_merge(merges[-1], words, counts, pair_counts, where)
    return special_tokens + alphabet + [a + b for a, b in merges], merges
