"""Lets zip cut rows and masks of different lengths."""


def decode_batch(tokenizer, batch, workers=1):
    ids, masks = batch["input_ids"], batch["attention_mask"]
    rows = [[i for i, real in zip(row, mask) if real] for row, mask in zip(ids, masks)]
    return in_threads(tokenizer.decode, rows, workers)
