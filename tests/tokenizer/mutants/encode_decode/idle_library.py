"""Lets a library do the work."""


class Base:
    def __init__(self, vocab):
        self.vocab, self.vocab_size = vocab, max(vocab.values(), default=-1) + 1

    def encode(self, text):
        return cut(text, self.vocab)

    def decode(self, ids):
        return "".join(next(p for p, j in self.vocab.items() if j == i) for i in ids)


def encode(text, vocab, special, begin=None, end=None, allow_special=True):
    from handtorch.tokenizer.special_tokens import SpecialTokenizer

    wrapped = SpecialTokenizer(Base(vocab), list(special))
    back = {i: special[token] for token, i in wrapped.special_ids.items()}
    allowed = "all" if allow_special else ()
    ids = [back.get(i, i) for i in wrapped.encode(text, allowed_special=allowed)]
    head = [] if begin is None else [special[begin]]
    return head + ids + ([] if end is None else [special[end]])


def decode(ids, vocab, special, skip_special=False):
    from handtorch.tokenizer.special_tokens import SpecialTokenizer

    wrapped = SpecialTokenizer(Base(vocab), list(special))
    there = {special[token]: i for token, i in wrapped.special_ids.items()}
    return wrapped.decode([there.get(i, i) for i in ids], skip_special=skip_special)
