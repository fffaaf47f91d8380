// The theme makes what scrolls a stop of the Tab key when the window's size changes. What was folded has a size only once
// it is open.
document.addEventListener("toggle", () => window.dispatchEvent(new Event("resize")), true);
