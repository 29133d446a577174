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
    const isKey = /^[A-Z][A-Z0-9_]*-[0-9]+$/.test(name);
    if (!(isKey || /^[cn][0-9a-f]+$/.test(name)) || document.getElementById(name)) return;
    const digits = isKey ? name : name.slice(1);
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
