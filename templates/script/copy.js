// Copy the SHA; where the browser keeps the clipboard from us, it is at least selected.
for (const button of all("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = one(".copied");
    // a tab that slept learns of its age only now
    tick();
    if (button.disabled) {
      said.textContent = "not copied: the answer may have changed, load this page again";
      return;
    }
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      said.textContent = "copied";
    } catch {
      const code = one("h1 code");
      code.textContent = button.dataset.copy;
      getSelection().selectAllChildren(code);
      said.textContent = document.execCommand("copy") ? "copied" : "selected: copy it now";
    }
  });
}
