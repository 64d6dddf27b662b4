"use strict";
const filter = document.getElementById("filter");
const trouble = document.getElementById("trouble");
const shown = document.getElementById("shown");
const nodes = [...document.querySelectorAll(".node")].map((element) => ({
  element,
  seats: [...element.querySelectorAll(".seat")],
}));

// A seat is shown if every word of the filter is in its tenant's name, its VIP, or its own node's name.
function apply() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const narrowed = words.length > 0 || trouble.checked;
  const tenants = new Set();
  let columns = 0;
  for (const { element, seats } of nodes) {
    let visible = 0;
    for (const seat of seats) {
      const fits =
        words.every((word) => seat.dataset.searched.includes(word)) &&
        (!trouble.checked || seat.classList.contains("trouble"));
      seat.hidden = !fits;
      if (fits) {
        visible += 1;
        tenants.add(seat.dataset.tenant);
      }
    }
    element.hidden = narrowed && visible === 0;
    columns += element.hidden ? 0 : 1;
  }
  shown.textContent = narrowed ? `${tenants.size} tenants on ${columns} nodes` : "";
  history.replaceState(null, "", filter.value ? `#${encodeURIComponent(filter.value)}` : location.pathname);
  allowTab();
}

// Tab stops at one seat; the arrow keys move on from there.
function allowTab(chosen) {
  const seats = visibleColumns().flat();
  const target = chosen ?? seats[0];
  for (const { seats } of nodes) for (const seat of seats) seat.tabIndex = seat === target ? 0 : -1;
}

function visibleColumns() {
  return nodes
    .filter(({ element }) => !element.hidden)
    .map(({ seats }) => seats.filter((seat) => !seat.hidden))
    .filter((seats) => seats.length > 0);
}

function focusOn(seat) {
  if (!seat) return;
  allowTab(seat);
  seat.focus();
  seat.scrollIntoView({ block: "nearest" });
  for (const { seats } of nodes)
    for (const other of seats) other.classList.toggle("same-tenant", other !== seat && other.dataset.tenant === seat.dataset.tenant);
}

function move(seat, key) {
  const columns = visibleColumns();
  const column = columns.findIndex((seats) => seats.includes(seat));
  const row = columns[column].indexOf(seat);
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  const target = columns[column + step[0]];
  if (target) focusOn(target[Math.min(row + step[1], step[0] ? target.length - 1 : Infinity)]);
}

document.addEventListener("keydown", (event) => {
  const seat = event.target.closest?.(".seat");
  if (event.key === "/" && event.target !== filter) {
    event.preventDefault();
    filter.focus();
    filter.select();
  } else if (event.key === "Escape") {
    filter.value = "";
    trouble.checked = false;
    apply();
    filter.focus();
  } else if (event.key === "ArrowDown" && event.target === filter) {
    event.preventDefault();
    focusOn(visibleColumns().flat()[0]);
  } else if (seat && event.key.startsWith("Arrow")) {
    event.preventDefault();
    move(seat, event.key);
  } else if (seat && event.key === "Enter") {
    focusOn(visibleColumns().flat().find((other) => other !== seat && other.dataset.tenant === seat.dataset.tenant));
  }
});
document.addEventListener("click", (event) => focusOn(event.target.closest(".seat")));
filter.addEventListener("input", apply);
trouble.addEventListener("change", apply);
try {
  filter.value = decodeURIComponent(location.hash.slice(1));
} catch {
  // A malformed hash filters nothing.
}
apply();
