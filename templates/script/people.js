// On the page of all branches: one person's landings on each of them.
const who = one("#who form");
if (who) {
  who.hidden = false;
  const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
  const everybody = one("#people");
  const wanted = who.elements.person;
  let people = null;
  const meet = () => {
    people ??= [...everybody.querySelectorAll("tbody tr")].map((row) => [row, folded(row.cells[0].textContent)]);
    const name = folded(wanted.value);
    const met = people.filter(([, each]) => each.includes(name));
    const hits = new Set(met.map(([row]) => row));
    for (const [row] of people) row.hidden = !hits.has(row);
    if (name) everybody.open = true;
    one("#met").textContent = name ? `${met.length} of ${people.length} people` : "";
  };
  const asked = () => {
    wanted.value = new URLSearchParams(location.hash.slice(1)).get("person") ?? "";
    if (wanted.value || people) meet();
  };
  const keep = () => {
    const name = encodeURIComponent(wanted.value.trim());
    history.replaceState(null, "", name ? `#person=${name}` : "#who");
  };
  wanted.addEventListener("input", meet);
  // the address leads back to the same person
  wanted.addEventListener("change", keep);
  who.addEventListener("submit", (event) => event.preventDefault());
  who.addEventListener("reset", () => setTimeout(() => (meet(), keep())));
  addEventListener("hashchange", asked);
  asked();
}
