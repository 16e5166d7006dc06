"""The book's pages as plain documents: what `handtorch.rag.documents.book` reads.

A page is a notebook whose Markdown cells are written in MyST. Here it is cut at the anchors of
its questions, roles and directives are turned into plain Markdown, code stays as it is, outputs
are dropped. The Chinese edition is a catalog that maps each English block to its translation;
its documents are put together from the blocks of a question.

Refresh the snapshot with ``python -m handtorch.rag.snapshot``, in the root of the repository. The
numbers of the chapter and the quotes of its questions rest on it: run the tests of
``tests/rag`` afterwards. What this leaves out: tables of the Chinese edition, figures, outputs.
"""

import ast
import gzip
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from handtorch.rag.documents import Document

CHAPTERS = ("tokenizer", "attention", "efficient_attention")
CHINESE_PAGES = ("words_to_subwords", "byte_pair_encoding", "vocabulary_and_languages")
CHINESE_HEADINGS = {
    "## Short answer": "## 简答",
    "## Full answer": "## 详解",
    "## Follow-ups": "## 追问",
    "## Common wrong answers": "## 常见错误答案",
}

# What a box begins with, after ":::{", and what stands in its place.
_DIRECTIVES = {
    r"admonition\} Exercise\n:class: exercise": r"\1",
    r"admonition\} Short answer\n:class: short-answer": (
        r"## Short answer\n\n\1\n\n## Full answer\n"
    ),
    r"dropdown\} (?P<title>[^\n]*)": r"\n## \g<title>\n\n\2\n",
}
_ANCHOR = re.compile(r"^\(([\w-]+/[\w-]+)\)=\n", re.MULTILINE)
_FENCE = re.compile(r"^```python\n.*?^```$", re.MULTILINE | re.DOTALL)
_VERBATIM = re.compile(r"(\$\$.+?\$\$|\$[^$\n]+\$|`[^`\n]+`)", re.DOTALL)
_LINK = re.compile(r"\[((?:[^\[\]`]|`[^`]*`)+)\]\(([^()\s]+)\)")
_CITE = re.compile(r"\{cite:([pt])\}`([^`]+)`")
_KEY = re.compile(r"^([a-z]+)(\d{4}).*")
_ENTRY = re.compile(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n?)+)', re.MULTILINE)


def snapshot(pages: Path, translations: Path) -> list[Document]:
    """The documents of the finished chapters.

    Args:
        pages: the folder ``book``.
        translations: the folder of the Chinese catalogs, ``locale/zh_CN/LC_MESSAGES/book``.

    Returns:
        Page introductions and questions in the order of the pages' names, then the Chinese ones.
    """
    english: list[tuple[Document, str]] = []
    for chapter in CHAPTERS:
        paths = [pages / chapter / "index.md", *sorted((pages / chapter).glob("*.ipynb"))]
        for path in paths:
            english += _documents_of(chapter, path.stem, _source_of(path))
    documents = _with_links(english)
    for page in CHINESE_PAGES:
        catalog = _catalog((translations / "tokenizer" / f"{page}.po").read_text(encoding="utf-8"))
        prefix = f"tokenizer/{page}#"
        sections = [(d, source) for d, source in english if d.id.startswith(prefix)]
        documents += [_translated(document, source, catalog) for document, source in sections]
    return documents


def write(documents: Iterable[Document], path: Path) -> None:
    """Write documents as gzipped lines of JSON, the same bytes for the same documents."""
    lines = [json.dumps(asdict(document), ensure_ascii=False) + "\n" for document in documents]
    path.write_bytes(gzip.compress("".join(lines).encode("utf-8"), mtime=0))


def readable(source: str) -> str:
    """MyST as plain Markdown: directives become headings, roles and links the text they show.

    Example: ``"see {cite:t}`gage1994`, *[BPE](#x)*"`` → ``"see Gage (1994), BPE"``
    """
    blocks = [block if block.startswith("```") else _prose(block) for block in _blocks(source)]
    return "\n\n".join(block for block in blocks if block)


def _source_of(path: Path) -> str:
    """A page as one text, its code cells in fences."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text.split("\n## ")[0]
    parts = []
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"]).strip()
        parts.append(source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```")
    return "\n\n".join(parts)


def _documents_of(chapter: str, page: str, source: str) -> Iterator[tuple[Document, str]]:
    """The introduction and the questions of a page, each with its MyST source."""
    introduction, *sections = _ANCHOR.split(source)
    named = [("", introduction), *zip(sections[::2], sections[1::2])]
    for anchor, section in named:
        section = section.strip()
        heading, _, rest = section.partition("\n")
        title = readable(heading.lstrip("# "))
        kind = "question" if anchor else "introduction"
        metadata = {"chapter": chapter, "page": page, "language": "en", "kind": kind}
        id = f"{chapter}/{page}" + (f"#{anchor.split('/')[1]}" if anchor else "")
        text = f"# {title}\n\n{readable(rest)}\n"
        yield Document(id, title, text, metadata), section


def _with_links(sections: list[tuple[Document, str]]) -> list[Document]:
    """The documents, with the ids of those they link to."""
    known = {document.id for document, _ in sections}
    anchors = {id.split("#")[1]: id for id in known if "#" in id}
    pages = {id.split("/")[1]: id for id in known if "#" not in id and not id.endswith("/index")}
    documents = []
    for document, source in sections:
        links: dict[str, None] = {}
        for _, target in _LINK.findall(source):
            path, _, anchor = target.partition("#")
            page = pages.get(Path(path).stem) if path.endswith(".ipynb") else None
            found = anchors.get(anchor.split("/")[-1]) if anchor else page
            if found and found != document.id and "exercises/" not in path:
                links[found] = None
        documents.append(_adding(document, links=" ".join(links)))
    return documents


def _translated(document: Document, source: str, catalog: dict[str, str]) -> Document:
    """A question in the Chinese edition: the blocks for which the catalog has a translation."""
    _, title, *blocks = _blocks(source)
    title = title.strip("* ")
    lines: list[str] = []
    for block in blocks:
        if block in CHINESE_HEADINGS or block.startswith("$$"):
            lines.append(CHINESE_HEADINGS.get(block, block))
        elif " ".join(block.split()) in catalog:
            lines.append(_prose(catalog[" ".join(block.split())]))
        else:
            items = [" ".join(line.lstrip("- ").split()) for line in block.split("\n")]
            lines += [f"- {_prose(catalog[item])}" for item in items if item in catalog]
    translation = Document(
        f"zh/{document.id}", title, "\n\n".join([f"# {title}", *lines]) + "\n", document.metadata
    )
    return _adding(translation, language="zh", links=document.id)


def _blocks(source: str) -> Iterator[str]:
    """Paragraphs, headings, tables and fenced code, directives replaced by headings."""
    place = 0
    for fence in _FENCE.finditer(source):
        yield from _paragraphs(source[place : fence.start()])
        yield fence.group()
        place = fence.end()
    yield from _paragraphs(source[place:])


def _paragraphs(source: str) -> Iterator[str]:
    for opening, replacement in _DIRECTIVES.items():
        box = re.compile(rf"^:::\{{{opening}\n(.*?)^:::$", re.MULTILINE | re.DOTALL)
        source = box.sub(replacement, source)
    yield from (block for block in re.split(r"\n\s*\n", source.strip()) if block)


def _prose(block: str) -> str:
    block = _LINK.sub(r"\1", _CITE.sub(_citation, block))
    parts = _VERBATIM.split(block)  # every second one is a formula or code
    parts[::2] = [re.sub(r"\*(?=\S)|(?<=\S)\*", "", part) for part in parts[::2]]
    return "".join(parts).strip()


def _citation(role: re.Match[str]) -> str:
    """``Gage (1994)`` or ``(Gage 1994; Sennrich 2016)``, from the keys of the bibliography."""
    works = dict.fromkeys(_KEY.sub(_author_year, key.strip()) for key in role[2].split(","))
    if role[1] == "t":
        return ", ".join(re.sub(r" (\d{4})$", r" (\1)", work) for work in works)
    return "(" + "; ".join(works) + ")"


def _author_year(key: re.Match[str]) -> str:
    return f"{key[1].capitalize()} {key[2]}"


def _catalog(text: str) -> dict[str, str]:
    """The translations of a catalog by their originals, runs of blanks taken as one."""
    found = {}
    for original, translation in _ENTRY.findall(text):
        found[" ".join(_unquoted(original).split())] = _unquoted(translation)
    return {original: text for original, text in found.items() if original and text}


def _unquoted(lines: str) -> str:
    return "".join(ast.literal_eval(line) for line in lines.splitlines())


def _adding(document: Document, **facts: str) -> Document:
    return replace(document, metadata={**document.metadata, **facts})


if __name__ == "__main__":
    root = Path.cwd()
    found = snapshot(root / "book", root / "locale" / "zh_CN" / "LC_MESSAGES" / "book")
    write(found, Path(__file__).parents[1] / "data" / "book.jsonl.gz")
    print(f"{len(found)} documents, {sum(len(d.text) for d in found):,} characters")
