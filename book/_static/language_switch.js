// The link to the page in the other language leads to the same place: the anchors are the same,
// and so is what a filter keeps in the address.
"use strict";

document.querySelector("a.language-switch")?.addEventListener("click", (event) => {
  const link = event.currentTarget;
  const url = new URL(link.getAttribute("href"), location.href);
  url.search = location.search;
  url.hash = placeOnThisPage();
  link.href = url.href;
});

// The section that is being read: the last whose heading has passed the upper third of the window.
function placeOnThisPage() {
  if (scrollY < 40) return "";
  let place = "";
  for (const section of document.querySelectorAll("article section[id], .bd-article section[id]")) {
    const heading = section.querySelector("h1, h2, h3, h4, h5, h6");
    if (heading?.offsetParent && heading.getBoundingClientRect().top <= innerHeight / 3) {
      place = heading.tagName === "H1" ? "" : section.id;
    }
  }
  return place;
}
