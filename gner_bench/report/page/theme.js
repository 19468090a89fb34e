"use strict";
// Runs before the page is drawn, so that a chosen theme does not flash in the other one first.
(() => {
  const THEMES = ["auto", "light", "dark"];
  const KEY = "gner-bench-theme";

  function stored() {
    try {
      const theme = localStorage.getItem(KEY);
      return THEMES.includes(theme) ? theme : "auto";
    } catch {
      return "auto"; // storage may be forbidden, as in some viewers of artifacts
    }
  }

  function store(theme) {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // the choice then lasts as long as the page
    }
  }

  let theme = stored();
  document.documentElement.dataset.theme = theme;

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const label = button.querySelector("span");
    label.textContent = theme;
    button.hidden = false;
    button.addEventListener("click", () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      document.documentElement.dataset.theme = theme;
      label.textContent = theme;
      store(theme);
    });
  });
})();
