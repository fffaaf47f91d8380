// Paper is white: a page is printed in the light theme, charts included, whatever the screen shows.
(() => {
  "use strict";
  const root = document.documentElement;
  let shown;
  window.addEventListener("beforeprint", () => {
    shown = root.dataset.theme;
    root.dataset.theme = "light";
  });
  window.addEventListener("afterprint", () => {
    root.dataset.theme = shown;
  });
})();
