// Paper is white and cannot be opened: a page is printed in the light theme, charts included, with all that is folded.
(() => {
  "use strict";
  const root = document.documentElement;
  let shown, folded;
  window.addEventListener("beforeprint", () => {
    shown = root.dataset.theme;
    root.dataset.theme = "light";
    folded = [...document.querySelectorAll("article details:not([open])")];
    folded.forEach((details) => (details.open = true));
  });
  window.addEventListener("afterprint", () => {
    root.dataset.theme = shown;
    folded.forEach((details) => (details.open = false));
  });
})();
