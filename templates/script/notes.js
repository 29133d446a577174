// Copy what goes live, for an announcement: made of the list as it stands on the page.
const tidy = (text) => text.trim().replace(/\s+/g, " ");
const escaped = (text) => tidy(text).replace(/[\\`*_{}[\]<>#|~&$]/g, "\\$&").replace(/^(\d*)([-+.)])/, "$1\\$2");
const link = (a, text, markdown) =>
  markdown ? `[${escaped(text)}](${a.href.replace(/[()\\]/g, escape)})` : text;
const line = (item, markdown) => {
  const rev = item.firstElementChild;
  const links = [...item.querySelectorAll("a")].filter((each) => each !== rev);
  const said = (selector) => item.querySelector(selector)?.textContent ?? "";
  const shown = markdown ? escaped : tidy;
  const title = shown(said("bdi"));
  const others = links.map((a) => link(a, /^\d/.test(a.textContent) ? `bug ${a.textContent}` : a.textContent, markdown));
  const more = [shown(said("span")), ...others, shown(said("i"))].filter(Boolean);
  if (!markdown) return `${rev.textContent}  ${title} (${more.join(", ")})`;
  return `- ${item.querySelector("s") ? `~~${title}~~` : title} (${[rev.textContent, ...more].join(", ")})`;
};
for (const button of all("[data-notes]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = one("#next .taken");
    const markdown = button.dataset.notes === "markdown";
    tick();
    if (isLate() || isFrozen() || isAhead()) {
      said.textContent = "not copied: the answer may have changed, load this page again";
      return;
    }
    const head = `${one(".branch").textContent}: ${one("#next h2").textContent}`;
    const list = (which) => all(`#next .going${which} li`).map((item) => line(item, markdown));
    // what stops being live is no part of what goes live
    const [lines, out] = [list(":not(.out)"), list(".out")];
    if (out.length) lines.push("", "Rolled back by it:", ...(markdown ? [""] : []), ...out);
    const text = [markdown ? `## ${escaped(head)}` : head, "", ...lines, "", one(".sha").textContent, ""].join("\n");
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(one("#next .going"));
      said.textContent = "selected: copy it now";
    }
  });
}
