// The search: results as one types, below the theme's search field, with what rank.js finds.
// The index is loaded when the field is used for the first time.
"use strict";

(() => {
  const handtorch = (globalThis.handtorch ??= {});
  const root = document.documentElement.dataset.content_root ?? "./";
  const chinese = document.documentElement.lang.startsWith("zh");
  const text = chinese
    ? {
        kinds: ["题目", "练习", "章节"], list: "搜索结果", loading: "正在加载…", failed: "索引没有加载成功，请再试一次。",
        none: "没有找到。试试更少的词。", count: (n) => `${n} 个结果`,
      }
    : {
        kinds: ["Question", "Exercise", "Section"], list: "Results", loading: "Loading …", failed: "The index could not be loaded. Try again.",
        none: "Nothing was found. Try fewer words.", count: (n) => `${n} result${n === 1 ? "" : "s"}`,
      };

  let places = null; // what can be found, once loaded
  let pages = [];
  let loading = null;
  const waiting = {};

  handtorch.search = {
    index: (data) => waiting.index(data), // called by index.js
    prose: (data) => waiting.prose(data), // called by prose.js
  };

  function script(path) {
    return new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = `${root}_static/search/${path}`;
      element.onload = resolve;
      element.onerror = () => reject(new Error(`${path} could not be loaded`));
      document.head.append(element);
    });
  }

  async function data(name) {
    const received = new Promise((resolve) => (waiting[name] = resolve));
    await script(`${name}.js`);
    return received;
  }

  function load(changed) {
    loading ??= (async () => {
      const [, index] = await Promise.all([script("rank.js"), data("index")]);
      pages = index.pages;
      places = handtorch.ranking.prepare(index.entries);
      changed();
      handtorch.ranking.addProse(places, await data("prose"));
      changed();
    })().catch((error) => {
      loading = null; // so that it can be tried again
      throw error;
    });
    return loading;
  }

  function attach(form, number) {
    const input = form.querySelector("input");
    const id = `search-results-${number}`;
    const list = Object.assign(document.createElement("ul"), { id, className: "search-results" });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", text.list);
    const status = Object.assign(document.createElement("p"), { className: "search-status" });
    status.setAttribute("role", "status");
    form.after(status, list);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-controls": id, "aria-autocomplete": "list", "aria-expanded": "false" })) {
      input.setAttribute(name, value);
    }
    let active = -1;
    let shown = null; // the query of the results on the page

    function update(force = false) {
      const query = input.value.trim();
      if (!force && query === shown) return;
      if (!places) {
        status.textContent = query ? text.loading : "";
        return;
      }
      const kept = force && active >= 0 ? list.children[active].firstChild.href : null;
      shown = query;
      const found = handtorch.ranking.rank(places, query);
      list.replaceChildren(...found.map((place, i) => option(place, query, i)));
      input.setAttribute("aria-expanded", String(found.length > 0));
      status.textContent = !query ? "" : found.length ? text.count(found.length) : text.none;
      choose(kept ? [...list.children].findIndex((item) => item.firstChild.href === kept) : -1);
    }

    function option(place, query, i) {
      const [page, address] = pages[place.page];
      const link = document.createElement("a");
      link.href = root + address + (place.anchor ? `#${place.anchor}` : "");
      link.tabIndex = -1;
      const piece = (tag, name, content, lang) => {
        if (!content) return;
        const element = Object.assign(document.createElement(tag), { className: `search-${name}` });
        if (lang) element.lang = lang;
        element.append(...marked(content, query));
        link.append(element);
      };
      piece("span", "title", chinese && place.zh ? place.zh : place.en);
      piece("span", "other", chinese ? place.zh && place.en : place.zh, chinese ? "en" : "zh");
      piece("span", "excerpt", handtorch.ranking.excerpt(place, query));
      const where = document.createElement("span");
      where.className = "search-where";
      where.textContent = page === place.en ? text.kinds[place.kind] : `${text.kinds[place.kind]} · ${page}`;
      link.append(where);
      const item = Object.assign(document.createElement("li"), { id: `${id}-${i}`, className: `search-kind-${place.kind}` });
      item.setAttribute("role", "option");
      item.append(link);
      return item;
    }

    function marked(content, query) {
      const pieces = [];
      let at = 0;
      for (const [from, to] of handtorch.ranking.marks(content, query)) {
        const mark = document.createElement("mark");
        mark.textContent = content.slice(from, to);
        pieces.push(content.slice(at, from), mark);
        at = to;
      }
      return [...pieces, content.slice(at)];
    }

    function choose(index) {
      list.children[active]?.setAttribute("aria-selected", "false");
      active = index;
      const item = list.children[active];
      if (!item) return input.removeAttribute("aria-activedescendant");
      item.setAttribute("aria-selected", "true");
      input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    }

    function start() {
      load(() => update(true)).catch(() => (status.textContent = text.failed));
      update();
    }

    input.addEventListener("focus", start);
    input.addEventListener("input", () => (places ? update() : start()));
    input.addEventListener("keydown", (event) => {
      const last = list.children.length - 1;
      const move = { ArrowDown: Math.min(active + 1, last), ArrowUp: Math.max(active - 1, -1) }[event.key];
      if (move === undefined || event.isComposing) return;
      event.preventDefault();
      choose(move);
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      update();
      (list.children[active] ?? list.children[0])?.firstChild.click();
    });
    list.addEventListener("click", () => input.closest("dialog")?.close()); // the place may be on this page
    // A link to the search, ?q=…
    const asked = document.getElementById("search-page")?.contains(form) && new URLSearchParams(location.search).get("q");
    if (asked) {
      input.value = asked;
      start();
    }
    if (document.activeElement === input) start();
  }

  document.querySelectorAll("form.bd-search").forEach(attach);
})();
