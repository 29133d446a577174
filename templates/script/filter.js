// The filter, which lives in the address.
const form = one("#filter");
if (!form) return;
form.hidden = false;
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
let rows = null;
const index = () => {
  rows ??= all("table.l tbody tr").map((row) => ({
    row,
    revno: row.id,
    standing: [...row.cells[1].classList],
    what: plain(`${row.id} ${row.cells[2].textContent}`),
    who: plain(`${row.cells[3].textContent || "nobody known"}, ${row.querySelector(".c")?.textContent ?? ""}`),
    hit: false,
  }));
  return rows;
};
const parts = all(".part");
const sections = all(".rows");
const marks = new Map(all(".tiles a").map((mark) => [mark.getAttribute("href").slice(1), mark]));
const landings = one("#landings");
const KEYS = ["person", "branch", "bug", "state"];
const values = () => Object.fromEntries(KEYS.map((key) => [key, form.elements[key].value.trim()]));
// What is not on this page may be on one of those of what is live: arithmetic says on which.
const older = one("#older");
const SIZE = 1000;
const leadOn = (wanted) => {
  if (!older) return;
  const { folder, first, last, shas, blocks } = older.dataset;
  const word = wanted.branch.toLowerCase();
  const revno = Number(/^r?([0-9]{1,9})$/.exec(word)?.[1] ?? 0);
  const number = Number(wanted.bug.replace(/\D/g, "").slice(0, 10));
  const links = [];
  if (revno >= first && revno <= last && !document.getElementById(`r${revno}`)) {
    const begin = revno - ((revno - 1) % SIZE);
    links.push([`r${revno}`, `r${begin}-${begin + SIZE - 1}.html#r${revno}`]);
  }
  if (/^[0-9a-f]{7,64}$/.test(word) && shas.split(" ").includes(word.slice(0, 2)))
    links.push([`commit ${word.slice(0, 12)}`, `sha-${word.slice(0, 2)}.html#c${word.slice(0, 12)}`]);
  const block = number - (number % SIZE);
  if (number && blocks.split(" ").includes(`${block}`))
    links.push([`bug or request ${number}`, `number-${block}.html#n${number}`]);
  older.replaceChildren();
  links.forEach(([name, place], at) => {
    const link = document.createElement("a");
    link.href = `${folder}/${place}`;
    link.textContent = name;
    older.append(at ? ", " : "Look among all that is live: ", link);
  });
};
const apply = () => {
  const wanted = values();
  leadOn(wanted);
  const active = KEYS.some((key) => wanted[key]);
  landings.classList.toggle("filtered", active);
  one("#picture")?.classList.toggle("filtered", active);
  one("#none").hidden = true;
  one("#found").textContent = "";
  if (!active) return;
  const person = plain(wanted.person);
  const words = plain(wanted.branch).split(/\s+/);
  const number = wanted.bug.replace(/\D/g, "");
  const bug = new RegExp(`(?:bug |[#!·] ?|closes )${number}`);
  let found = 0;
  for (const each of index()) {
    const hit =
      (!person || each.who.includes(person)) &&
      words.every((word) => each.what.includes(word)) &&
      (!wanted.bug || (number && bug.test(each.what))) &&
      (!wanted.state || each.standing.includes(wanted.state));
    if (hit) found += 1;
    if (hit !== each.hit) {
      each.hit = hit;
      each.row.classList.toggle("hit", hit);
      marks.get(each.revno)?.classList.toggle("hit", hit);
    }
  }
  for (const part of parts) part.classList.toggle("empty", !part.querySelector(".hit"));
  for (const section of sections) section.classList.toggle("empty", !section.querySelector(".hit"));
  one("#found").textContent = `${found} of ${rows.length} landings`;
  one("#none").hidden = found > 0;
};
let writing = 0;
const read = () => {
  // the browser reports a followed link late: the words typed since then are the newer ones
  if (writing) return;
  const address = location.hash.slice(1);
  const given = new URLSearchParams(address.includes("=") ? address : "");
  for (const key of KEYS) form.elements[key].value = given.get(key) ?? "";
  apply();
  if (address.includes("=")) landings.scrollIntoView();
  else if (address) document.getElementById(address)?.scrollIntoView();
};
const write = () => {
  clearTimeout(writing);
  writing = 0;
  const wanted = Object.entries(values()).filter(([, value]) => value);
  const address = new URLSearchParams(wanted).toString().replaceAll("+", "%20");
  history.replaceState(null, "", `#${address || "landings"}`);
};
form.addEventListener("input", () => {
  apply();
  clearTimeout(writing);
  writing = setTimeout(write, 300);
});
// words typed before a link is followed are what the way back leads to
addEventListener("click", () => writing && write());
// ready before the first key is pressed
form.addEventListener("focusin", index, { once: true });
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(() => (apply(), write())));
addEventListener("hashchange", read);
if (location.hash.includes("=")) read();
