// Which page a search shows first. Sphinx scores a page by its best word; who asks for a name wants the page of that name.
var Scorer = {
  score([, title, , , score]) {
    const asked = new URLSearchParams(location.search).get("q")?.toLowerCase().trim();
    return score + (asked && title.toLowerCase().includes(asked) ? 10 : 0);
  },
  // Sphinx's own from here on
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
