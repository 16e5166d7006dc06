// The filter of questions.html. The list is in the page; without this script all of it shows.
// A question matches when all typed words occur in it, in English or Chinese, in any order.
// The state stands in the address: ?q=…&chapter=…&kind=…&source=…
"use strict";

(() => {
  const form = document.querySelector("form.question-filter");
  if (!form) return;
  const [text, chapter, count] = [form.elements.q, form.elements.chapter, form.querySelector("output")];
  const facets = makeFacets(); // the fields of kind and source, which the items name in their classes
  const fields = [text, chapter, ...facets];
  const fold = (string) => string.normalize("NFKC").toLowerCase();
  const items = [...document.querySelectorAll("li.question-item")].map((element) => ({
    element,
    chapter: element.closest(".question-chapter").id,
    isExercise: element.classList.contains("exercise-item"),
    text: fold(element.textContent),
  }));
  // Sections, innermost first, so that a chapter is hidden when all of its pages are.
  const sections = [...document.querySelectorAll(".question-chapter, .question-chapter section")].reverse();
  const outline = new Map(); // the links to these sections in the table of contents of the page
  for (const link of document.querySelectorAll(".page-toc a[href^='#']")) {
    outline.set(decodeURIComponent(link.hash.slice(1)), link.closest("li"));
  }

  function makeFacets() {
    const names = JSON.parse(document.getElementById("question-facets").textContent);
    const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
    const words = {
      en: { kind: "Kind", source: "Asked in", any: { kind: "All kinds", source: "All lists" } },
      zh: { kind: "类型", source: "题库", any: { kind: "所有类型", source: "所有题库" } },
    }[language];
    return Object.entries(names).map(([name, values]) => {
      const field = document.createElement("div");
      const [label, select] = [document.createElement("label"), document.createElement("select")];
      Object.assign(select, { id: `question-filter-${name}`, name });
      Object.assign(label, { htmlFor: select.id, textContent: words[name] });
      select.add(new Option(words.any[name], ""));
      for (const [value, title] of Object.entries(values)) {
        if (document.querySelector(`li.question-item.${name}-${value}`)) select.add(new Option(title[language], value));
      }
      field.append(label, select);
      count.before(field);
      return select;
    });
  }

  const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
  const chinese = document.documentElement.lang.startsWith("zh");
  const counted = (questions, exercises) =>
    chinese
      ? `${questions} 道题，${exercises} 道练习`
      : `${plural(questions, "question")} and ${plural(exercises, "exercise")}`;
  const nothing = chinese
    ? "没有符合的题目：少输几个词，或者换一种选择。"
    : "Nothing matches: try fewer words, or another choice.";

  function apply() {
    const words = fold(text.value).split(/\s+/).filter(Boolean);
    const shown = { questions: 0, exercises: 0 };
    for (const item of items) {
      const matches =
        (!chapter.value || chapter.value === item.chapter) &&
        facets.every(({ name, value }) => !value || item.element.classList.contains(`${name}-${value}`)) &&
        words.every((word) => item.text.includes(word));
      item.element.hidden = !matches;
      if (matches) shown[item.isExercise ? "exercises" : "questions"] += 1;
    }
    for (const section of sections) {
      section.hidden = !section.querySelector("li.question-item:not([hidden])");
      const entry = outline.get(section.id);
      if (entry) entry.hidden = section.hidden;
    }
    count.textContent =
      shown.questions + shown.exercises
        ? counted(shown.questions, shown.exercises)
        : nothing;
    mark(words);
  }

  // Show where the words stand, in browsers that can highlight without changing the page.
  function mark(words) {
    if (!window.Highlight || !CSS.highlights) return;
    CSS.highlights.delete("question-match");
    if (!words.length) return;
    const ranges = [];
    for (const { element } of items) {
      if (element.hidden) continue;
      const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const folded = node.data.toLowerCase(); // of the same length, so that offsets agree
        if (folded.length !== node.data.length) continue;
        for (const word of words) {
          for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
            const range = new Range();
            range.setStart(node, at);
            range.setEnd(node, at + word.length);
            ranges.push(range);
          }
        }
      }
    }
    CSS.highlights.set("question-match", new Highlight(...ranges));
  }

  function toAddress() {
    const url = new URL(location.href);
    for (const field of fields) {
      if (field.value.trim()) url.searchParams.set(field.name, field.value.trim());
      else url.searchParams.delete(field.name);
    }
    if (url.href !== location.href) {
      try {
        history.replaceState(history.state, "", url);
      } catch {
        // Browsers limit how often this may happen; the next change sets it right.
      }
    }
  }

  function fromAddress() {
    const parameters = new URLSearchParams(location.search);
    text.value = parameters.get("q") ?? "";
    for (const field of [chapter, ...facets]) {
      field.value = parameters.get(field.name) ?? "";
      if (field.selectedIndex < 0) field.value = ""; // one that the book does not have
    }
    apply();
  }

  let timer = 0;
  form.addEventListener("input", () => {
    apply();
    clearTimeout(timer);
    timer = setTimeout(toAddress, 250);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault(); // Enter goes to the first match
    document.querySelector("li.question-item:not([hidden]) a")?.focus();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && text.value) {
      text.value = "";
      apply();
      toAddress();
    }
  });
  window.addEventListener("popstate", fromAddress);
  form.hidden = false;
  fromAddress();
  // A link to a chapter of the list was followed before the list was filtered.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
})();
