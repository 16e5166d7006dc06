"""Tokenizers: from text to integers and back.

Read in this order: ``words``; ``pretokenize``, ``bpe``, ``bpe_fast``, ``bpe_apply``, ``byte_bpe``
(``bpe_cost`` counts what each step saves); ``wordpiece``; ``raw_text``, ``unigram``,
``unigram_training``; ``vocabulary``, ``languages``; ``special_tokens``, ``batching``. What they
have in common stands in ``base``, how good they are is measured by ``metrics``.
"""
