"""The Chinese edition in Sphinx: what is translated without a translator, and what is missing.

Sphinx replaces each paragraph by its translation from ``locale/`` when it reads a page (its
transform ``Locale``). Around that stand two transforms. ``Prepare`` comes before it, in the
Chinese build and when the paragraphs are extracted: where a heading and the Chinese line under it
say the same, it exchanges them; it translates what is the same on every page; and it marks what
holds nothing to translate. ``Missing`` comes after it: what is still English is marked as English,
and counted at the top of the page. Every page links to itself in the other language.
"""

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.nodes import extract_messages

from handtorch_classroom.answers import CJK
from handtorch_classroom.chinese import fixed, is_chinese

FRAGMENT = ":<translated>"  # ends the path of a translation, which Sphinx parses as a document
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
NO_WORDS = (
    re.compile(r"(`+).+?\1"),  # code, and what roles such as {cite:t} hold
    re.compile(r"\$[^$]+\$"),
    re.compile(r"\]\([^)]*\)"),  # where a link leads
    re.compile(r"\{[\w:-]+\}"),  # the name of a role
    re.compile(r"^\[?[\w.-]+(/[\w.-]+)+$"),  # a path
)


def has_words(markdown: str) -> bool:
    """Whether a paragraph holds anything to translate.

    Example: ``has_words("$V$ of `f(x)`") -> True``, ``has_words("$V$, `f(x)`, 词元") -> False``
    """
    for pattern in NO_WORDS:
        markdown = pattern.sub(" ", markdown).strip()
    return bool(LATIN_WORD.search(markdown))


def chinese_line(title: nodes.title) -> nodes.paragraph | None:
    """The paragraph under a heading that says the same in Chinese, if there is one."""
    line = title.next_node(descend=False, siblings=True)
    if (
        isinstance(line, nodes.paragraph)
        and len(line) == 1
        and isinstance(line[0], nodes.emphasis)
        and re.search(f"[{CJK}]", line.astext())
    ):
        return line
    return None


def is_fragment(document: nodes.document) -> bool:
    """Whether the document is one translated paragraph on its way into a page."""
    return str(document["source"]).endswith(FRAGMENT)


class Prepare(SphinxTransform):
    """Leave to the translator exactly what needs one.

    It runs before docutils' nodes get the text that their authors did not write (10).
    """

    default_priority = 5

    def apply(self, **kwargs: Any) -> None:
        self.chinese = is_chinese(self.config)
        extracting = self.app.builder.name == "gettext"
        if is_fragment(self.document) or not (self.chinese or extracting):
            return
        for title in self.document.findall(nodes.title):
            if line := chinese_line(title):
                self._exchange(title, line)
        for node in self.document.findall(nodes.TextElement):
            if isinstance(node, nodes.Inline) or not node.get("translatable", True):
                continue
            written = node.astext() if isinstance(node, nodes.rubric) else node.rawsource
            text = written.replace("\n", " ").strip()
            if chinese := fixed(text):
                node["translatable"] = False
                if self.chinese:
                    node.children = []
                    node += nodes.Text(chinese)
            elif isinstance(node, nodes.math_block) or not has_words(text):
                node["translatable"] = False
            elif node.source is None:  # in a table inside a directive, MyST does not say
                node.source, node.line = self.document["source"], node.line or 0
        if self.chinese:
            for raw in self.document.findall(nodes.raw):
                self._translate_summary(raw)

    def _exchange(self, title: nodes.title, line: nodes.paragraph) -> None:
        title["translatable"] = line["translatable"] = False
        if self.chinese:
            english, chinese = title.children, line[0].children
            title.children, line[0].children = [], []
            title.extend(chinese)
            line[0].extend(english)
            line["classes"] += ["english-line", "language-en"]

    def _translate_summary(self, raw: nodes.raw) -> None:
        """The hints of an exercise are plain HTML, which JupyterLab folds as well."""
        for text in re.findall(r"<summary>(.*?)</summary>", raw.astext()):
            if chinese := fixed(text):
                html = raw.astext().replace(f">{text}</summary>", f">{chinese}</summary>")
                raw.rawsource = html
                raw.children = []
                raw += nodes.Text(html)


class Missing(SphinxTransform):
    """Mark as English what has no translation, and say at the top how much that is.

    It runs after Sphinx's Locale (20) and before the table of contents is inserted (100).
    """

    default_priority = 22

    def apply(self, **kwargs: Any) -> None:
        if is_fragment(self.document) or not is_chinese(self.config):
            return
        total = missing = 0
        for node, text in list(extract_messages(self.document)):
            if isinstance(node, addnodes.translatable):
                continue
            total += 1
            if isinstance(node, nodes.image):  # Sphinx has put the translated text in its place
                missing += not re.search(f"[{CJK}]", text)
            elif not node.get("translated", False):
                missing += 1
                node["classes"].append("language-en")
        if missing:
            self._say(missing, total)
        for emphasis in self.document.findall(nodes.emphasis):
            if re.search(f"[{CJK}]", emphasis.astext()):
                emphasis["classes"].append("chinese")  # which has no italics
        for math in list(self.document.findall(nodes.math)):
            self._keep_punctuation(math)

    def _keep_punctuation(self, math: nodes.math) -> None:
        """Browsers would break the line between a formula and the comma behind it."""
        text = math.next_node(descend=False, siblings=True)
        if isinstance(text, nodes.Text) and text[0] in "，。、；：！？）”":
            parent, at = math.parent, math.parent.index(math)
            parent[at : at + 2] = [
                nodes.inline("", "", math, nodes.Text(text[0]), classes=["nobreak"]),
                nodes.Text(text[1:]),
            ]

    def _say(self, missing: int, total: int) -> None:
        if missing == total:
            text = f"这一页还没有译成中文，以下是英文原文（共 {total} 段）。"
        else:
            text = f"这一页还没有全部译完：共 {total} 段，其中 {missing} 段仍是英文。"
        notice = nodes.paragraph("", text, classes=["translation-missing"])
        for title in self.document.findall(nodes.title):
            line = title.next_node(descend=False, siblings=True)
            below = isinstance(line, nodes.paragraph) and "english-line" in line["classes"]
            after = line if below else title
            after.parent.insert(after.parent.index(after) + 1, notice)
            break


def link_languages(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Give the page its address in the other language, for the switch and for search engines.

    The Chinese edition stands in ``zh/`` and has the same pages under the same names.
    """
    if app.builder.name != "html":
        return
    here = app.builder.get_target_uri(pagename)
    up = context["content_root"]
    if is_chinese(app.config):
        english, chinese, other = f"{up}../{here}", f"{up}{here}", "en"
    else:
        english, chinese, other = f"{up}{here}", f"{up}zh/{here}", "zh-CN"
    context["other_language"] = other
    context["other_address"] = english if other == "en" else chinese
    context["metatags"] = context.get("metatags", "") + "".join(
        f'\n<link rel="alternate" hreflang="{language}" href="{address}">'
        for language, address in (("en", english), ("zh-CN", chinese), ("x-default", english))
    )


def register(app: Sphinx) -> None:
    """Make the transforms and the links known to Sphinx."""
    app.add_transform(Prepare)
    app.add_transform(Missing)
    app.add_js_file("language_switch.js", loading_method="defer")
    app.connect("html-page-context", link_languages)
