"""The Sphinx extension behind the published site.

It gives every question its own address (``<page>.html#<question id>``), turns every breach of the
syllabus into a warning (and the build turns warnings into errors), marks Chinese lines as Chinese,
and removes what the theme's packages would load from another host. The lists made from the
syllabus are in ``site_lists.py``, search in ``site_search.py``, cards and mock interviews in
``site_practice.py``.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from handtorch_classroom import site_chinese, site_lists, site_practice, site_search
from handtorch_classroom.answers import check_page, page_path
from handtorch_classroom.chinese import say
from handtorch_classroom.syllabus import (
    CHAPTERS,
    QUESTION_ID,
    Chapter,
    SyllabusError,
    chapters_in_the_book,
)

logger = logging.getLogger(__name__)

SOLUTIONS = "solutions/"


class QuestionAnchors(SphinxTransform):
    """Make the HTML id of a section labelled ``<chapter>/<id>`` the question's id itself.

    docutils would make it ``<chapter>-<id>``, after an id made from the heading. It runs after
    PropagateTargets (260) has moved the label to the section, and before the standard domain
    collects the labels (850) and MyST resolves ``#`` links (879).
    """

    default_priority = 800

    def apply(self, **kwargs: Any) -> None:
        for section in self.document.findall(nodes.section):
            for name in section["names"]:
                chapter, _, id = name.partition("/")
                if chapter in CHAPTERS and QUESTION_ID.fullmatch(id):
                    self._give(section, id)
                    break

    def _give(self, section: nodes.section, id: str) -> None:
        document = self.document
        if document.ids.get(id, section) is not section:
            logger.warning("the id %r of a question is taken on its page", id, location=section)
            return
        old_ids = section["ids"]
        section["ids"] = [id]
        for old in old_ids:
            document.ids.pop(old, None)
        document.ids[id] = section
        for name, old in document.nameids.items():
            if old in old_ids:
                document.nameids[name] = id
        for target in document.findall(nodes.target):
            if target.get("refid") in old_ids:
                target["refid"] = id
        # MyST looks up [text](page.ipynb#slug) here; slugs made from the heading keep working.
        slugs = self.env.metadata[self.env.docname].setdefault("myst_slugs", {})
        document.myst_slugs = slugs
        for slug, (line, old, title) in list(slugs.items()):
            if old in old_ids:
                slugs[slug] = (line, id, title)
        slugs[id] = (section.line, id, section[0].astext())


class ChineseLines(SphinxTransform):
    """Say that Chinese is Chinese, for fonts and screen readers: ``lang="zh"`` in the HTML.

    It does so for the emphasized line under a heading and for what the lists of ``site_lists.py``
    mark. It runs after smart quotes (750), which know no Chinese and would say so.
    """

    default_priority = 800

    def apply(self, **kwargs: Any) -> None:
        for title in self.document.findall(nodes.title):
            if line := site_chinese.chinese_line(title):
                line["classes"].append("chinese-line")
        for node in self.document.findall(nodes.Element):
            if {"chinese-line", "chinese-aside"} & set(node.get("classes", ())):
                node["classes"].append("language-zh")  # docutils makes it the attribute


class DropdownNames(SphinxTransform):
    """Give each dropdown a class made from its title, so that the style can tell them apart."""

    default_priority = 4  # before the title is translated

    def apply(self, **kwargs: Any) -> None:
        for node in self.document.findall(nodes.container):
            if node.get("design_component") == "dropdown" and node.get("has_title"):
                node["container_classes"].append(nodes.make_id(node[0].astext()))


class SolutionTitles(SphinxTransform):
    """Tell a solution's page from its exercise's, which has the same title."""

    default_priority = 800

    def apply(self, **kwargs: Any) -> None:
        if self.env.docname.startswith(SOLUTIONS) and not site_chinese.is_fragment(self.document):
            for title in self.document.findall(nodes.title):
                title.insert(0, nodes.Text(say("Solution: ", self.config)))
                break


def check_syllabus(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Warn of every breach of the syllabus, in the source and in what Sphinx made of it."""
    root = Path(app.srcdir)
    for chapter in _chapters(root):
        for page in chapter.pages:
            path = page_path(chapter, page, root)
            docname = path.relative_to(root).with_suffix("").as_posix()
            if docname not in env.found_docs:
                logger.warning(
                    "page %r of the syllabus is not in the book: it must exist and stand in "
                    "_toc.yml",
                    page.name,
                    location=f"book/{chapter.name}/index",
                )
                continue
            problems = check_page(chapter, page, path)
            ids = [question.id for question in page.questions]
            for problem in problems or _missing_anchors(env, docname, chapter, ids):
                logger.warning("%s", problem, location=docname)
    # Write every page, also those not read anew: each shows the titles of others, and the
    # references show what the others cite.
    return env.found_docs


def _missing_anchors(
    env: BuildEnvironment, docname: str, chapter: Chapter, ids: list[str]
) -> list[str]:
    labels = env.get_domain("std").anonlabels  # type: ignore[attr-defined]
    return [
        f"question {id!r} has no address of its own on this page"
        for id in ids
        if labels.get(f"{chapter.name}/{id}") != (docname, id)
    ]


def _chapters(root: Path) -> tuple[Chapter, ...]:
    try:
        return chapters_in_the_book(root)
    except SyllabusError as error:
        raise ExtensionError(str(error)) from error


def finish_page(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add the scripts that directives ask for; drop what math.js and nobody needs."""
    for raw in doctree.findall(nodes.raw) if doctree is not None else ():
        for script in raw.get("scripts", ()):
            app.add_js_file(script, loading_method="defer")
        if style := raw.get("style"):
            app.add_css_file(style)
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context.get(kind, []) if not _is_unwanted(file)]
    if "body" in context:
        context["body"] = PLAIN_CODE.sub(r"\1", context["body"])


#: Names, punctuation and spaces in code, which Pygments marks and the style shows as any text.
PLAIN_CODE = re.compile(r'<span class="(?:n|p|w)">([^<]*)</span>')


def _is_unwanted(file: Any) -> bool:
    """Whether a script or style sheet is sphinx-thebe's, or MathJax, which math.js loads later."""
    name = str(getattr(file, "filename", file))
    body = getattr(file, "attributes", {}).get("body", "")
    return bool(re.search(r"thebe|mathjax/", name) or re.search(r"thebe|window\.MathJax", body))


def drop_thebe_configuration(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Remove what sphinx-thebe writes into every page."""
    for raw in list(doctree.findall(nodes.raw)):
        if "text/x-thebe-config" in raw.astext() or "<script>kernelName" in raw.astext():
            raw.parent.remove(raw)


def tell_where_mathjax_is(app: Sphinx) -> None:
    """Give ``mathjax_path`` to math.js: an edition may share another's MathJax."""
    path = json.dumps(app.config.mathjax_path)
    app.add_js_file(None, body=f"DOCUMENTATION_OPTIONS.mathjax = {path};")


THEME_STYLE = "_static/styles/pydata-sphinx-theme.css"
THEME_ICONS = re.compile(
    r"(?<=\})(?:\.fa-[\w-]+:before,?)+\{content:[^{}]*\}|@font-face\{[^{}]*Font ?Awesome[^{}]*\}"
)


def drop_theme_icons(app: Sphinx, exception: Exception | None) -> None:
    """Take the 2,000 icons of Font Awesome out of the theme's style: icons.css has those in use."""
    path = Path(app.outdir) / THEME_STYLE
    if exception is None and app.builder.format == "html" and path.is_file():
        style = path.read_text(encoding="utf-8")
        path.write_text(THEME_ICONS.sub("", style), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.add_transform(QuestionAnchors)
    app.add_transform(ChineseLines)
    app.add_transform(DropdownNames)
    app.add_transform(SolutionTitles)
    site_lists.register(app)
    site_chinese.register(app)
    site_practice.register(app)
    site_search.register(app)
    app.connect("builder-inited", tell_where_mathjax_is)
    app.add_js_file("math.js", loading_method="defer")
    app.connect("env-updated", check_syllabus)
    app.connect("doctree-resolved", drop_thebe_configuration, priority=900)
    app.connect("html-page-context", finish_page, priority=900)
    app.connect("build-finished", drop_theme_icons)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
