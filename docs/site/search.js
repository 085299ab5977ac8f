// search.js - finds pages by words: all of them must be in a page; those in its title count most.
"use strict";
(() => {
  const root = document.body.dataset.root, box = document.querySelector(".search");
  const query = document.getElementById("query"), found = document.getElementById("found");
  const menu = document.querySelector(".menu");
  let chosen = -1;

  // The menu is always open where there is room for it.
  const wide = matchMedia("(min-width: 60rem)");
  const fit = () => { menu.open = wide.matches; };
  wide.addEventListener("change", fit);
  fit();
  box.hidden = false;

  const pages = weirPages.map(([href, title, text]) => ({ href, title, text, lower: text.toLowerCase(), name: title.toLowerCase() }));

  function rank(page, words) {
    let points = 0;
    for (const word of words) {
      const count = page.lower.split(word).length - 1;
      if (count === 0 && !page.name.includes(word)) return 0;
      points += Math.min(count, 8) + (page.name === word ? 60 : page.name.startsWith(word) ? 40 : page.name.includes(word) ? 20 : 0);
    }
    return /^(files\/|changelog)/.test(page.href) ? points / 4 : points;
  }

  function around(page, word) {
    const line = document.createElement("small"), at = page.lower.indexOf(word);
    if (at < 0) return line;
    const mark = document.createElement("mark");
    mark.textContent = page.text.slice(at, at + word.length);
    line.append(page.text.slice(Math.max(0, at - 24), at), mark, page.text.slice(at + word.length, at + 90));
    return line;
  }

  function show() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const best = words.length === 0 ? [] : pages.map((page) => [rank(page, words), page]).filter(([points]) => points > 0)
      .sort((a, b) => b[0] - a[0]).slice(0, 12);
    chosen = -1;
    found.replaceChildren(...best.map(([, page], index) => {
      const item = document.createElement("li"), link = document.createElement("a");
      item.setAttribute("role", "option");
      item.id = `found-${index}`;
      link.href = `${root}/${page.href}`;
      link.tabIndex = -1;
      link.append(page.title, around(page, words[0]));
      item.append(link);
      return item;
    }));
    if (words.length > 0 && best.length === 0) {
      const none = document.createElement("p");
      none.textContent = "No page has all of these words.";
      found.append(none);
    }
    found.hidden = words.length === 0;
    query.setAttribute("aria-expanded", String(!found.hidden));
    query.removeAttribute("aria-activedescendant");
  }

  function choose(step) {
    const items = found.querySelectorAll("li");
    if (items.length === 0) return;
    chosen = (chosen + step + items.length) % items.length;
    items.forEach((item, index) => item.setAttribute("aria-selected", String(index === chosen)));
    items[chosen].scrollIntoView({ block: "nearest" });
    query.setAttribute("aria-activedescendant", items[chosen].id);
  }

  query.addEventListener("input", show);
  query.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const link = found.querySelectorAll("a")[Math.max(chosen, 0)];
      if (link) location.href = link.href;
    } else if (event.key === "Escape") {
      query.value = "";
      show();
      query.blur();
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      query.focus();
    }
  });
  document.addEventListener("click", (event) => { if (!box.contains(event.target)) found.hidden = true; });
})();
