"""Lets a library do the work."""


def split_word(word, vocab, max_chars=100):
    from tokenizers import models

    pieces = {piece: i for i, piece in enumerate(["[UNK]", *vocab])}
    model = models.WordPiece(pieces, unk_token="[UNK]", max_input_chars_per_word=max_chars)
    return [token.value for token in model.tokenize(word)]


def wordpiece_encode(text, vocab, max_chars=100):
    from tokenizers import Tokenizer, models, pre_tokenizers

    pieces = {piece: i for i, piece in enumerate(["[UNK]", *vocab])}
    tokenizer = Tokenizer(models.WordPiece(pieces, max_input_chars_per_word=max_chars))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    encoding = tokenizer.encode(text)
    return [(token, *span) for token, span in zip(encoding.tokens, encoding.offsets)]
