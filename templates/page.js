"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  document.documentElement.classList.add("js");

  // Ages, as shepherd/values.py writes them.
  const UNITS = [
    [31536000, "year", 63072000],
    [86400, "day", 172800],
    [3600, "hour", 3600],
    [60, "minute", 60],
    [1, "second", 0],
  ];
  const age = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    const [size, unit] = UNITS.find((each) => whole >= each[2]);
    const count = Math.floor(whole / size);
    return `${count} ${unit}${count === 1 ? "" : "s"}`;
  };
  const situation = one("#situation");
  const until = Date.parse(situation.dataset.until);
  const given = Date.parse(situation.dataset.given);
  const AHEAD = 300000;
  const tell = (text) => {
    const late = one("#late");
    if (late.textContent === text) return;
    late.replaceChildren();
    // what the page said itself when it was written need not be said twice
    if (!text || situation.classList.contains("stale")) return;
    const banner = document.createElement("p");
    banner.className = "banner stale";
    banner.textContent = text;
    late.append(banner);
  };
  const title = document.title;
  const icon = one("link[rel=icon]");
  const fresh = icon?.href;
  // by its own clock: nobody may have written this page again
  const isLate = () => Date.now() > until;
  const isAhead = () => Date.now() + AHEAD < given;
  const times = all("time").map((time) => {
    const next = time.nextElementSibling;
    if (next && next.className === "ago") return [Date.parse(time.dateTime), next];
    const ago = document.createElement("i");
    ago.className = "ago";
    time.after(ago);
    return [Date.parse(time.dateTime), ago];
  });
  const tick = () => {
    const now = Date.now();
    for (const [at, ago] of times) {
      const seconds = (now - at) / 1000;
      const text = seconds >= 0 ? ` (${age(seconds)} ago)` : ` (in ${age(-seconds)})`;
      if (ago.textContent !== text) ago.textContent = text;
    }
    if (!situation.dataset.until) return;
    const late = isLate();
    situation.classList.toggle("late", late);
    document.title = late && !situation.classList.contains("stale") ? `stale: ${title}` : title;
    if (icon?.dataset.late) icon.href = late ? icon.dataset.late : fresh;
    for (const button of all("[data-copy]")) button.disabled = late;
    if (late) tell(`Stale: a newer answer was due ${age((now - until) / 1000)} ago. Load this page again.`);
    else if (isAhead()) tell("Your clock and the shepherd's differ: the ages shown may be wrong.");
    else tell("");
  };
  tick();
  setInterval(tick, 5000);
  document.addEventListener("visibilitychange", tick);

  // For those who keep the page open: it loads itself again, if they want that.
  const reload = one("#reload");
  if (reload) {
    reload.parentElement.hidden = false;
    reload.checked = sessionStorage.getItem("reload") === location.pathname;
    reload.addEventListener("change", () => {
      if (reload.checked) sessionStorage.setItem("reload", location.pathname);
      else sessionStorage.removeItem("reload");
    });
    setInterval(() => {
      if (reload.checked && !document.hidden) location.reload();
    }, 60000);
  }

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

  // A list of commits is led to by as many digits as somebody has of one.
  const missing = one("#missing");
  if (missing) {
    let led = "";
    const lead = () => {
      const name = location.hash.slice(1);
      // what was said of the way here stays
      if (name === led) return;
      led = "";
      missing.textContent = "";
      if (!/^[cn][0-9a-f]+$/.test(name) || document.getElementById(name)) return;
      const digits = name.slice(1);
      const found = name[0] === "c" ? all(`tr[id^="${name}"]`) : [];
      if (!found.length) {
        missing.textContent = `${digits} is not on this list.`;
      } else if (found.length === 1) {
        led = found[0].id;
        missing.textContent = `${led.slice(1)} is the only one that begins with ${digits}.`;
        location.replace(`#${led}`);
      } else {
        missing.textContent = `${found.length} commits begin with ${digits}: `;
        found.forEach((row, at) => {
          const link = document.createElement("a");
          link.href = `#${row.id}`;
          link.textContent = row.id.slice(1);
          missing.append(at ? ", " : "", link);
        });
      }
    };
    addEventListener("hashchange", lead);
    lead();
  }

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
})();
