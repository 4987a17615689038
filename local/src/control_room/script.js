// Decisions as they are taken. Without this script the page shows those until it was loaded.
"use strict";

const SHOWN = 200;
const list = document.getElementById("events");
const template = document.getElementById("event");
const state = document.getElementById("live");
const held = [];
let paused = false;

function fill(row) {
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.kind = row.kind;
  item.querySelector("time").dateTime = row.time;
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

function show(row) {
  document.getElementById("none")?.remove();
  list.prepend(fill(row));
  while (list.children.length > SHOWN) list.lastElementChild.remove();
}

function say(text) {
  state.textContent = text;
}

function connect() {
  const source = new EventSource(`/control-room/events?after=${list.dataset.last}`);
  source.addEventListener("run", (event) => {
    // greeting-local was started again: all of the page is another one.
    if (event.data !== list.dataset.run) location.reload();
    else if (!paused) say("Live");
  });
  source.addEventListener("message", (event) => {
    const row = JSON.parse(event.data);
    if (row.source === "authority") refresh();
    if (!paused) return show(row);
    held.push(row);
    say(`Paused, ${held.length} more`);
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
    if (!paused) held.splice(0).forEach(show);
  });
  state.after(button);
}

function copyButtons() {
  for (const text of document.querySelectorAll("pre[data-copy]")) {
    const button = document.createElement("button");
    button.className = "small";
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    });
    text.after(button);
  }
}

document.getElementById("reload").remove();
pauseButton();
copyButtons();
connect();
