"""Takes the rows out of the batch."""


def decode_batch(tokenizer, batch, workers=1):
    ids, masks = batch["input_ids"], batch["attention_mask"]
    if list(map(len, ids)) != list(map(len, masks)):
        raise ValueError("attention_mask must have as many rows, of the same lengths, as input_ids")
    rows = [[i for i, real in zip(row, mask) if real] for row, mask in zip(ids, masks)]
    ids.clear()
    return in_threads(tokenizer.decode, rows, workers)
