// The terminal: its OLED, its keypad, its lamp and what it says of the world around it.

import { call } from "./api.js";
import { showBuzzer, startBuzzer } from "./buzzer.js";
import { onLanguage, t } from "./i18n.js";
import { byId, element, setText, showProblem } from "./page.js";

const KEYS = "123A456B789C*0#D";
const COMPUTER_KEYS = { Enter: "#", Backspace: "*", Delete: "*", Escape: "*" };
const MOST_KEYS = 100;
const PRESSED_MS = 130;
const HELD_MS = 600; // a key that is down for so long is to stay down: the terminal then takes it for a long press

let pictures = 0;
const waiting = [];
let sending = false;
let state = null;

export function startTerminal() {
  for (const key of KEYS) byId("keypad").append(keyButton(key));
  startBuzzer();
  document.addEventListener("keydown", typedOnComputer);
  const computerKeys = byId("computer-keys");
  computerKeys.checked = localStorage.getItem("computer-keys") !== "off";
  computerKeys.addEventListener("change", () => {
    localStorage.setItem("computer-keys", computerKeys.checked ? "on" : "off");
  });
  onLanguage(() => {
    for (const button of byId("keypad").children) nameKey(button);
    if (!state) return;
    showConditions();
    nameLamp();
  });
}

export function showDisplay() {
  pictures += 1;
  byId("oled").src = `/api/display.png?${pictures}`;
}

/** Puts the hands on the terminal: into view, and where the computer's keys reach it. */
export function turnToTerminal() {
  byId("device").focus({ preventScroll: true });
  byId("device").scrollIntoView({ block: "nearest", behavior: "smooth" });
}

export function showTerminal(newState) {
  state = newState;
  setText(byId("oled-text"), state.state === "off" ? t("stateOff") : state.display.join("\n"));
  byId("device").classList.toggle("off", state.state === "off");
  byId("led").classList.toggle("lit", state.led);
  nameLamp();
  showBuzzer(state.buzzer);
  showConditions();
}

function nameLamp() {
  byId("led").ariaLabel = t(state.led ? "lampLit" : "lampDark");
}

function keyButton(key) {
  const button = element(
    "button",
    { type: "button", className: "key" },
    element("span", { className: "legend", textContent: key === "*" ? "✱" : key, ariaHidden: "true" }),
    element("span", { className: "legend-words", ariaHidden: "true" }),
  );
  button.dataset.key = key;
  let timer = 0;
  let held = false;
  button.addEventListener("pointerdown", () => {
    held = false;
    timer = setTimeout(() => {
      held = true;
      press(key, true);
    }, HELD_MS);
  });
  button.addEventListener("pointerup", () => clearTimeout(timer));
  for (const gone of ["pointerleave", "pointercancel"]) {
    button.addEventListener(gone, () => {
      clearTimeout(timer);
      held = false; // no click follows
    });
  }
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // what a finger that stays down asks for
  button.addEventListener("click", () => {
    if (!held) press(key);
    held = false;
  });
  return button;
}

function nameKey(button) {
  const key = button.dataset.key;
  const words = /\d/.test(key) ? "" : t(`key${key}`);
  button.querySelector(".legend-words").textContent = words;
  button.ariaLabel = words ? `${key}, ${words}` : key;
}

/** Keys go out in the order they were pressed; those pressed while a call is under way go together in the next. */
async function press(key, hold = false) {
  const last = waiting.at(-1);
  if (last && !last.hold && last.keys.length < MOST_KEYS) {
    last.keys += key;
    last.hold = hold;
  } else {
    waiting.push({ keys: key, hold });
  }
  if (sending) return;
  sending = true;
  try {
    while (waiting.length) await call("POST", "/api/keypad", waiting.shift());
  } catch (error) {
    waiting.length = 0;
    showProblem(error);
  } finally {
    sending = false;
  }
}

function typedOnComputer(event) {
  const modified = (event.ctrlKey || event.altKey) && !event.getModifierState("AltGraph");
  if (!byId("computer-keys").checked || modified || event.metaKey || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const key = COMPUTER_KEYS[event.key] ?? event.key.toUpperCase();
  if (key.length !== 1 || !KEYS.includes(key)) return;
  if (event.key === "Enter" && event.target.closest("button, a, summary, input")) return; // works what has the focus
  event.preventDefault();
  if (event.repeat) return;
  const button = byId("keypad").querySelector(`[data-key="${key}"]`);
  button.classList.add("pressed");
  setTimeout(() => button.classList.remove("pressed"), PRESSED_MS);
  press(key);
}

function showConditions() {
  const conditions = ["network", "register", "keypad"].map((part) => [part, state[part] === "ok"]);
  byId("conditions").replaceChildren(
    ...conditions.map(([part, ok]) =>
      element("li", { className: ok ? "ok" : "bad", textContent: t(`${part}${ok ? "Ok" : "Down"}`) }),
    ),
  );
}
