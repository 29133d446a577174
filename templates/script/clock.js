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
// A freeze that begins while the page is open: from then on nothing here may invite to deploy.
const freezes = all("[data-freeze]").map((box) => {
  const { freeze, thaw } = box.dataset;
  return { box, from: Date.parse(freeze), to: thaw ? Date.parse(thaw) : Infinity };
});
const hasBegun = ({ from, to }) => Date.now() >= from && Date.now() < to;
const isFrozen = () => freezes.some((each) => each.box === situation && hasBegun(each));
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
  for (const each of freezes) each.box.classList.toggle("freezing", hasBegun(each));
  if (!situation.dataset.until) return;
  const late = isLate();
  const frozen = isFrozen();
  situation.classList.toggle("late", late);
  if (late && !situation.classList.contains("stale")) document.title = `stale: ${title}`;
  else document.title = frozen ? `frozen: ${title}` : title;
  if (icon?.dataset.late) icon.href = late || frozen ? icon.dataset.late : fresh;
  for (const button of all("[data-copy]")) button.disabled = late || frozen;
  if (late) tell(`Stale: a newer answer was due ${age((now - until) / 1000)} ago. Load this page again.`);
  else if (frozen) tell("Frozen: a freeze has begun since this page was written. Load it again.");
  else if (isAhead()) tell("Your clock and the shepherd's differ: the ages shown may be wrong.");
  else tell("");
};
tick();
setInterval(tick, 5000);
// What time that was where the reader is, for whoever points at one.
const local = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "long" });
addEventListener("mouseover", (event) => {
  const time = event.target.closest?.("time, .l td:last-child");
  if (!time || time.title) return;
  const at = Date.parse(time.dateTime ?? `${time.textContent.trim().replace(" ", "T")}Z`);
  if (at) time.title = local.format(at);
});
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
