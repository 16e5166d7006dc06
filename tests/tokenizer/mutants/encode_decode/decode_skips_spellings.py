"""Skips special tokens by deleting their spellings from the decoded text."""


def decode(ids, vocab, special, skip_special=False):
    spelling = {i: token for token, i in [*vocab.items(), *special.items()]}
    for i in ids:
        if i not in spelling:
            raise ValueError(f"unknown id {i}")
    text = "".join(spelling[i] for i in ids)
    for token in sorted(special, key=len, reverse=True) if skip_special else []:
        text = text.replace(token, "")
    return text
