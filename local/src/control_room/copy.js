// A button that copies, after each text that is to be copied. Where the browser refuses the
// clipboard, the text is selected instead, and the page says so.
"use strict";

for (const text of document.querySelectorAll("pre[data-copy]")) {
  const buttons = document.createElement("div");
  buttons.className = "buttons";
  const button = document.createElement("button");
  button.className = "small";
  button.type = "button";
  button.textContent = `Copy ${text.dataset.copy}`;
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      said.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      said.textContent = "The browser does not allow that. It is selected: copy it with the keyboard.";
    }
  });
  buttons.append(button, said);
  text.after(buttons);
}
