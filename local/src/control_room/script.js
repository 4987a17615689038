// Decisions as they are taken, and the filter. Without this script the page shows those until it
// was loaded, and the filter is a form that is sent.
"use strict";

const SHOWN = 200;
const list = document.getElementById("events");
const template = document.getElementById("event");
const state = document.getElementById("live");
const none = document.getElementById("none");
const missed = document.getElementById("missed");
const filter = document.getElementById("filter");
const held = [];
let paused = false;
let lost = 0;

function fill(row) {
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.kind = row.kind;
  item.dataset.class = row.class;
  item.querySelector("time").dateTime = row.time;
  item.querySelector(".asked").href = `/control-room/decisions/${list.dataset.run}/${row.number}`;
  for (const [place, text] of [
    ["time", row.clock],
    [".source", row.source],
    [".asked", row.asked],
    [".status", row.status],
    [".why", row.answer],
  ]) {
    // Text, never markup: some of it is what callers wrote.
    item.querySelector(place).textContent = text;
  }
  return item;
}

// As the form without this script does.
function isWanted(item) {
  const outcome = filter.elements.outcome.value;
  const isOfClass = outcome === "" ? item.dataset.class !== "routine" : item.dataset.class === outcome;
  if (!isOfClass) return false;
  const places = [".source", ".asked", ".status", ".why"];
  const shown = places.map((place) => item.querySelector(place).textContent).join(" ");
  return shown.toLowerCase().includes(filter.elements.text.value.trim().toLowerCase());
}

function isRoutine(item) {
  return item.dataset.class === "routine";
}

// Polls do not push decisions out of the list.
function drop(routine) {
  const same = [...list.children].filter((item) => isRoutine(item) === routine);
  for (const item of same.slice(SHOWN)) item.remove();
}

function show(rows) {
  for (const row of rows) {
    const item = fill(row);
    item.hidden = !isWanted(item);
    list.prepend(item);
  }
  if (list.children.length > SHOWN) for (const routine of [true, false]) drop(routine);
  sayNone();
}

function sayNone() {
  const isAnyWanted = [...list.children].some((item) => !item.hidden);
  none.hidden = isAnyWanted;
  const isAny = [...list.children].some((item) => !isRoutine(item));
  none.textContent = isAny ? "None is like that." : "None yet. Call the function, or sign in.";
}

function applyFilter() {
  for (const item of list.children) item.hidden = !isWanted(item);
  sayNone();
}

function say(text) {
  if (state.textContent !== text) state.textContent = text;
}

// Rows of one chunk are one change of the page.
let arrived = [];
function take(row) {
  if (arrived.length === 0) {
    setTimeout(() => {
      const rows = arrived;
      arrived = [];
      if (rows.some((each) => each.source === "authority" && each.class !== "routine")) refresh();
      if (!paused) return show(rows);
      held.push(...rows);
      held.splice(0, held.length - 2 * SHOWN);
      say(`Paused, ${held.length} more`);
    });
  }
  arrived.push(row);
}

function connect() {
  const source = new EventSource(`/control-room/events?after=${list.dataset.last}`);
  source.addEventListener("run", (event) => {
    // greeting-local was started again: all of the page is another one.
    if (event.data !== list.dataset.run) location.reload();
    else if (!paused) say("Live");
  });
  source.addEventListener("message", (event) => take(JSON.parse(event.data)));
  source.addEventListener("missed", (event) => {
    lost += Number(event.data);
    missed.hidden = false;
    missed.textContent = `${lost} came too fast to be shown here; greeting-local log has the last 500 decisions.`;
  });
  source.addEventListener("error", () => say("Not connected; trying again"));
  // A browser that leaves need not be waited for.
  addEventListener("pagehide", () => source.close());
}

// What an authority's decision may have changed elsewhere on the page.
let waiting;
function refresh() {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const answer = await fetch(location.pathname + location.search).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["waiting", "policy"]) {
      const here = document.getElementById(id);
      const there = page.getElementById(id);
      // Not under somebody's hands.
      if (there && !here.contains(document.activeElement)) here.replaceWith(there);
    }
  }, 200);
}

function pauseButton() {
  const button = document.createElement("button");
  button.className = "small";
  button.type = "button";
  button.textContent = "Pause";
  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? "Go on" : "Pause";
    say(paused ? "Paused" : "Live");
    if (!paused) show(held.splice(0));
  });
  state.after(button);
}

// Nothing is sent, so nothing that somebody types is in an address or on its way.
filter.addEventListener("submit", (event) => {
  event.preventDefault();
  applyFilter();
});
// Not every program that drives a browser sends both.
for (const name of ["input", "change"]) filter.addEventListener(name, applyFilter);
filter.querySelector("button").remove();
document.getElementById("reload").remove();
pauseButton();
// A browser that comes back to this page has kept what was typed.
applyFilter();
connect();
