"""Retrieval-augmented generation: passages of this book, and of Python's, answer questions on them.

Read in this order. What is searched: ``documents``, ``questions``, ``text``. From files to chunks:
``pdf_text``, ``tables``, ``structure``, ``chunking``. Finding: ``bm25``, ``keyword_store``,
``dense``, ``embedding`` (``latent_semantic``, ``two_towers``), ``fusion``, ``retrievers``. Indexes:
``ivf``, ``product_quantization``, ``hnsw``, ``projection_trees``, ``filtering``, ``vector_store``.
Asking better: ``queries``, ``feedback``. Ranking better: ``cross_encoder``, ``late_interaction``,
``rerank``. More than one step: ``multi_hop``, ``graph``, ``graph_ranking``, ``communities``,
``summaries``, ``active``, ``credibility``. Answering: ``prompts``, ``generation``, ``endpoint``,
``context``, ``pipeline``. Judging: ``metrics``, ``evaluation``, ``faithfulness``, ``citations``,
``confidence``, ``failures``. Keeping it: ``journal``, ``postings``, ``incremental``. The other
modules serve one page each; their docstrings say which experiment they are.
"""
