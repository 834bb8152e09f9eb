"use strict";
// A button that copies the bare code beside it. Without a clipboard (plain HTTP, no JavaScript) it stays hidden.
(() => {
  if (!navigator.clipboard) return;
  const show = (root) => root.querySelectorAll("button[data-copy][hidden]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const told = document.querySelector("[role=status]");
    button.textContent = button.dataset.done;
    if (told) told.textContent = `${button.dataset.done} ${button.dataset.copy}`;
  });
  document.addEventListener("htmx:afterSettle", () => show(document));
  show(document);
})();
