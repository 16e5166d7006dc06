"""A real embedding model on the chapter's questions, beside BM25 and the small models of the page.

    HANDTORCH_EMBEDDING_MODEL=path/to/a/model python benchmarks/retrieval_quality.py

The pages run without a model, so what they say of dense retrieval is said of vectors that have
read nothing but this corpus. Where a reader has a model that sentence-transformers can load, this
measures it on the same chunks and questions, alone and fused with BM25, by kind of question, with
95% bootstrap intervals. Writes `benchmarks/results/retrieval_quality.json`, a section a model.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from _machine import describe_machine

from handtorch.rag.bm25 import BM25
from handtorch.rag.chunking import structural_chunks, with_context
from handtorch.rag.documents import corpus
from handtorch.rag.embedding import MODEL_VARIABLE, default_encoder
from handtorch.rag.evaluation import Evaluation, compare, evaluate, table
from handtorch.rag.questions import questions
from handtorch.rag.retrievers import DenseRetriever, HybridRetriever

RESULTS = Path(__file__).parent / "results" / "retrieval_quality.json"
METRICS = ("recall@5", "nDCG@10")


def main() -> None:
    if not os.environ.get(MODEL_VARIABLE):
        print(f"{MODEL_VARIABLE} is not set: it names the model to measure. Nothing was measured.")
        return
    documents = corpus()
    chunks = [chunk for document in documents for chunk in structural_chunks(document, 800)]
    passages = {chunk.id: with_context(chunk) for chunk in chunks}
    asked = [question for question in questions() if question.evidence]
    kinds = {kind: {q.id for q in asked if q.kind == kind} for kind in {q.kind for q in asked}}
    kinds = {"all": {q.id for q in asked}, **dict(sorted(kinds.items()))}
    bm25 = BM25(passages)
    model = DenseRetriever(default_encoder([]), passages)
    searches = {
        "BM25": bm25.search,
        "model": model.search,
        "BM25 + model": HybridRetriever([bm25.search, model.search]).search,
    }
    found = {name: evaluate(search, asked, chunks) for name, search in searches.items()}
    rows = {}
    for kind, ids in kinds.items():
        chosen = {name: evaluation.select(ids) for name, evaluation in found.items()}
        print(f"\n{kind}, {len(ids)} questions\n{table(chosen, baseline='BM25')}")
        rows[kind] = {"questions": len(ids), **summary(chosen)}
    about = {
        "machine": describe_machine("torch", "sentence-transformers"),
        "chunks": len(chunks),
        "kinds": rows,
    }
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    kept[model.encoder.name] = about
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def summary(found: Mapping[str, Evaluation]) -> dict[str, Any]:
    """Mean and interval of each metric, and the difference to BM25."""
    rows: dict[str, Any] = {}
    for name, evaluation in found.items():
        rows[name] = {metric: str(evaluation.interval(metric)) for metric in METRICS}
        if name != "BM25":
            against = compare(evaluation, found["BM25"], "nDCG@10")
            rows[name]["nDCG@10 against BM25"] = str(against)
    return rows


if __name__ == "__main__":
    main()
