"""Attention: every token reads from the others, by how well its query fits their keys.

Read in this order: ``scaled_dot_product``, ``backward``, ``normalizers``, ``attention_only``;
``multi_head``; ``masks``, ``cross``; ``grouped_query``, ``latent``, and ``lookback``, a task to
try them on. All of it is written for clarity: whole score matrices, plain tensor products. The
chapter after it, ``efficient_attention``, computes the same without them.
"""
