// The filter, which lives in the address.
const form = one("#filter");
if (!form) return;
form.hidden = false;
if (!("keys" in form.dataset)) form.elements.bug.inputMode = "numeric";
const fold = (text) => (/[^\x00-\x7f]/.test(text) ? text.normalize("NFD").replace(/\p{M}/gu, "") : text);
const plain = (text) => fold(text).toLowerCase();
// ABC-123, as somebody types it
const keyOf = (text) => /(?:^|[^a-z0-9_])([a-z][a-z0-9_]*-[0-9]*)$/i.exec(text.trim())?.[1] ?? "";
const said = (row) => row.lastElementChild.previousElementSibling.textContent || "nobody known";
// What the fields are compared with; a row is asked for it when there is time, at the latest when it is needed.
const TOLD = {
  standing: (row) => ` ${row.children[1].className} `,
  what: (row) => plain(`${row.id} ${row.children[2].textContent}`),
  who: (row) => plain(`${said(row)}, ${row.getElementsByClassName("c")[0]?.textContent ?? ""}`),
  mover: (row) => {
    const move = row.getElementsByClassName("m")[0];
    return move ? plain(move.getElementsByTagName("b")[0]?.textContent ?? said(row)) : "";
  },
};
const told = (each, key) => (each[key] ??= TOLD[key](each.row));
const tables = all("table.l").map((table) => ({ box: table.parentElement, body: table.tBodies[0], rows: null }));
const entries = (table) => {
  if (table.rows) return table.rows;
  table.rows = [];
  for (let row = table.body.firstElementChild; row; row = row.nextElementSibling) table.rows.push({ row, hit: false });
  return table.rows;
};
const spare = window.requestIdleCallback ?? ((then) => setTimeout(then, 50));
let next = 0;
const readOn = (idle) => {
  do {
    if (next === tables.length) return;
    for (const each of entries(tables[next])) for (const key in TOLD) told(each, key);
    next += 1;
  } while (idle?.timeRemaining() > 5);
  spare(readOn);
};
spare(readOn);
const sections = all(".rows");
const marks = new Map(all(".tiles:not(.dense) a").map((mark) => [mark.getAttribute("href").slice(1), mark]));
// What filters is a link only where there is a filter.
const filters = (element, key, value) => {
  const link = document.createElement("a");
  link.href = `#${key}=${encodeURIComponent(value)}`;
  link.append(...element.childNodes);
  element.append(link);
};
for (const each of all("[data-state]")) filters(each, "state", each.dataset.state);
for (const each of all("#persons th bdi")) filters(each, "person", each.textContent);
const landings = one("#landings");
const KEYS = ["person", "branch", "bug", "mover", "state"];
const values = () => Object.fromEntries(KEYS.map((key) => [key, form.elements[key].value.trim()]));
// What is not on this page may be on one of those of what is live: arithmetic says on which.
const older = one("#older");
const SIZE = 1000;
const archived = (revno) => {
  const begin = revno - ((revno - 1) % SIZE);
  return `r${begin}-${begin + SIZE - 1}.html#r${revno}`;
};
// A link to a landing that has left this page leads to the page where it is now.
const leadTo = (name) => {
  const revno = Number(/^r([0-9]{1,9})$/.exec(name)?.[1] ?? 0);
  if (!revno || document.getElementById(name)) return;
  const { folder, first, last } = older?.dataset ?? {};
  if (revno >= first && revno <= last) location.replace(`${folder}/${archived(revno)}`);
  else one("#found").textContent = `${name} is not on this page: inv explain ${name} knows more.`;
};
const leadOn = (wanted) => {
  if (!older) return;
  const { folder, first, last, shas, blocks, branches } = older.dataset;
  const word = wanted.branch.toLowerCase();
  const revno = Number(/^r?([0-9]{1,9})$/.exec(word)?.[1] ?? 0);
  const key = keyOf(wanted.bug).toUpperCase();
  const number = Number((key ? key.replace(/^.*-/, "") : wanted.bug.replace(/\D/g, "")).slice(0, 10));
  const links = [];
  if (revno >= first && revno <= last && !document.getElementById(`r${revno}`)) {
    links.push([`r${revno}`, archived(revno)]);
  }
  if (/^[0-9a-f]{7,64}$/.test(word) && shas.split(" ").includes(word.slice(0, 2)))
    links.push([`commit ${word.slice(0, 12)}`, `sha-${word.slice(0, 2)}.html#c${word.slice(0, 12)}`]);
  const block = number - (number % SIZE);
  if (number && blocks.split(" ").includes(`${block}`))
    links.push([key || `bug or request ${number}`, `number-${block}.html#${key || `n${number}`}`]);
  const initial = /[\p{L}\p{N}]/u.exec(word.replace(/^.*\/(?=.)/, ""))?.[0];
  if (initial && !links.length && branches.split(" ").includes(initial))
    links.push([`branches that begin with ${initial}`, `branch-${initial}.html`]);
  older.replaceChildren();
  links.forEach(([name, place], at) => {
    const link = document.createElement("a");
    link.href = `${folder}/${place}`;
    link.textContent = name;
    older.append(at ? ", " : "Look among all that is live: ", link);
  });
};
// So many rows are compared before the browser may draw; the tables below them follow, and are hidden until then.
const AT_ONCE = 4000;
let goOn = null;
const apply = () => {
  const wanted = values();
  leadOn(wanted);
  goOn = null;
  const active = KEYS.some((key) => wanted[key]);
  landings.classList.toggle("filtered", active);
  one("#picture")?.classList.toggle("filtered", active);
  one("#none").hidden = true;
  one("#found").textContent = "";
  if (!active) {
    for (const { box } of tables) box.style.containIntrinsicHeight = "";
    return;
  }
  const person = plain(wanted.person);
  const mover = plain(wanted.mover);
  const words = plain(wanted.branch).split(/\s+/).filter((word) => word);
  const state = wanted.state && ` ${wanted.state} `;
  const key = keyOf(wanted.bug).toLowerCase();
  const number = key || wanted.bug.replace(/\D/g, "");
  const bug = new RegExp(key ? `(?:^|[^a-z0-9_-])${key}` : `(?:bug |[#!·] ?|closes )${number}`);
  const isHit = (each) =>
    (!person || told(each, "who").includes(person)) &&
    (!mover || told(each, "mover").includes(mover)) &&
    words.every((word) => told(each, "what").includes(word)) &&
    (!wanted.bug || (number && bug.test(told(each, "what")))) &&
    (!state || told(each, "standing").includes(state));
  let found = 0;
  let total = 0;
  let at = 0;
  const compare = (most) => {
    for (const end = total + most; at < tables.length && total < end; at += 1) {
      const table = tables[at];
      let here = 0;
      for (const each of entries(table)) {
        const hit = isHit(each);
        if (hit) here += 1;
        if (hit !== each.hit) {
          each.hit = hit;
          each.row.classList.toggle("hit", hit);
          if (marks.size) marks.get(each.row.id)?.classList.toggle("hit", hit);
        }
      }
      table.box.classList.toggle("empty", !here);
      // about as high as what is left of it, while it is out of sight
      table.box.style.containIntrinsicHeight = `${3 + 5 * here}rem`;
      found += here;
      total += table.rows.length;
    }
    const over = at === tables.length;
    if (over) goOn = null;
    else for (const { box } of tables.slice(at)) box.classList.add("empty");
    for (const section of sections) section.classList.toggle("empty", !section.querySelector("div:not(.empty)"));
    one("#found").textContent = over ? `${found} of ${total} landings` : `${found} of the first ${total} landings`;
    one("#none").hidden = !over || found > 0;
    if (!over) setTimeout(() => goOn === compare && compare(AT_ONCE));
  };
  goOn = compare;
  compare(AT_ONCE);
};
// what is printed is complete
addEventListener("beforeprint", () => goOn?.(Infinity));
let writing = 0;
const read = () => {
  // the browser reports a followed link late: the words typed since then are the newer ones
  if (writing) return;
  const address = location.hash.slice(1);
  const given = new URLSearchParams(address.includes("=") ? address : "");
  for (const key of KEYS) form.elements[key].value = given.get(key) ?? "";
  apply();
  if (address.includes("=")) landings.scrollIntoView();
  else if (address) {
    document.getElementById(address)?.scrollIntoView();
    leadTo(address);
  }
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
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(() => (apply(), write())));
addEventListener("hashchange", read);
if (location.hash.includes("=")) read();
else leadTo(location.hash.slice(1));
