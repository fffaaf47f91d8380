// Beside a side bar of pages, a page's own buttons come after its article in the order of the Tab key. The style sheet
// keeps them above it. On a narrow screen they stay first, because one of them opens the side bar.
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const article = document.querySelector(".bd-article");
  const buttons = document.querySelector(".bd-header-article");
  if (article && buttons && matchMedia("(min-width: 992px)").matches) article.after(buttons);
});
