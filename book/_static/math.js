// Load MathJax when a formula comes near, rather than with every page: it is the largest file of the site.
"use strict";

(() => {
  const handtorch = (globalThis.handtorch ??= {});
  const root = document.documentElement.dataset.content_root ?? "./";
  let loading = null;

  function load() {
    loading ??= new Promise((resolve, reject) => {
      // Pages say to ignore all but what Sphinx marked as mathematics. Nothing is set without being asked.
      globalThis.MathJax = {
        options: { processHtmlClass: "tex2jax_process|mathjax_process|math|output_area" },
        startup: { typeset: false },
      };
      const script = document.createElement("script");
      script.src = `${root}_static/${DOCUMENTATION_OPTIONS.mathjax}`; // site.py says where
      script.onload = () => globalThis.MathJax.startup.promise.then(resolve, reject);
      script.onerror = () => reject(new Error("MathJax could not be loaded"));
      document.head.append(script);
    });
    return loading;
  }

  // Set the formulas in an element, if it has any.
  handtorch.typeset = async (element) => {
    if (!element.querySelector(".math, .output_area, .tex2jax_process")) return;
    await load();
    await globalThis.MathJax.typesetPromise([element]);
  };

  // With the first formula on the screen, or as soon as the reader begins to move.
  const formulas = document.querySelectorAll("main .math, main .output_area, main .tex2jax_process");
  if (!formulas.length) return;
  const watch = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) all();
  });
  const moves = ["scroll", "pointerdown", "keydown", "beforeprint"];
  function all() {
    watch.disconnect();
    for (const move of moves) window.removeEventListener(move, all);
    handtorch.typeset(document.querySelector("main"));
  }
  for (const move of moves) window.addEventListener(move, all, { passive: true });
  for (const formula of formulas) watch.observe(formula);
})();
