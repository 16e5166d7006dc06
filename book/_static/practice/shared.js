// What the cards and the mock interview share: loading a chapter, making elements, two languages.
"use strict";

(() => {
  const handtorch = (globalThis.handtorch ??= {});
  const root = document.documentElement.dataset.content_root ?? "../";
  const chinese = document.documentElement.lang.startsWith("zh");
  const waiting = new Map(); // chapter → { promise, resolve }

  // Called by the script of a chapter, practice/data/<chapter>.js.
  handtorch.receive = (chapter, data) => waiting.get(chapter)?.resolve(data);

  // Load what practice needs of a chapter, once. A script can be loaded from a disk, too.
  function load(chapter) {
    if (!waiting.has(chapter)) {
      const entry = {};
      entry.promise = new Promise((resolve, reject) => {
        entry.resolve = resolve;
        loadScript(`_static/practice/data/${chapter}.js`).catch((error) => {
          waiting.delete(chapter); // so that it can be tried again
          reject(error);
        });
      });
      waiting.set(chapter, entry);
    }
    return waiting.get(chapter).promise;
  }

  function loadScript(path) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = root + path;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${path} could not be loaded`));
      document.head.append(script);
    });
  }

  // An element with attributes (on… are listeners) and children; `html` is trusted: made by the build.
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "html") element.innerHTML = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  // The words of the page's language: words({ en: {…}, zh: {…} }).
  const words = (table) => (chinese ? table.zh : table.en);

  // A question in both languages, the page's own first.
  function bilingual({ en, zh }, tag = "p") {
    const [first, second] = chinese ? [["zh", zh], ["en", en]] : [["en", en], ["zh", zh]];
    return [
      make(tag, { class: "practice-question", lang: first[0], html: first[1] }),
      make("p", { class: "practice-question-other", lang: second[0], html: second[1] }),
    ];
  }

  function select(label, name, options, value, onchange) {
    const control = make(
      "select",
      { name, id: `practice-${name}`, onchange },
      ...options.map(([key, text]) => make("option", { value: key, selected: key === value }, text)),
    );
    return make("div", { class: "practice-field" }, make("label", { for: control.id }, label), control);
  }

  // Choose from the address what is allowed, else the default.
  function fromAddress(name, allowed, otherwise) {
    const value = new URLSearchParams(location.search).get(name);
    return allowed.includes(value) ? value : otherwise;
  }

  function toAddress(values) {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === "") url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    try {
      history.replaceState(history.state, "", url);
    } catch {
      // Browsers limit how often this may happen; the next change sets it right.
    }
  }

  // The browser's storage, or one that forgets where there is none.
  function storage(kind) {
    try {
      return globalThis[kind];
    } catch {
      return { getItem() { throw new Error("closed"); }, setItem() { throw new Error("closed"); } };
    }
  }

  const title = (chapter) => (chinese ? chapter.title.zh : chapter.title.en);

  handtorch.shared = {
    load, make, words, bilingual, select, fromAddress, toAddress, storage, title, chinese,
  };
})();
