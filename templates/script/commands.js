// Copy a command; what is to be filled in is marked by dots that every keyboard has.
for (const button of all("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = button.previousElementSibling;
    const text = code.textContent.replaceAll("\u2026", "...");
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = document.execCommand("copy") ? "Copied" : "Selected: copy it now";
    }
  });
}
