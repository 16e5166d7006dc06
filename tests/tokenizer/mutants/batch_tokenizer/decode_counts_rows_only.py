"""Compares the numbers of rows but not their lengths."""


def decode_batch(tokenizer, batch, workers=1):
    ids, masks = batch["input_ids"], batch["attention_mask"]
    if len(ids) != len(masks):
        raise ValueError("attention_mask must have as many rows, of the same lengths, as input_ids")
    rows = [[i for i, real in zip(row, mask) if real] for row, mask in zip(ids, masks)]
    return in_threads(tokenizer.decode, rows, workers)
