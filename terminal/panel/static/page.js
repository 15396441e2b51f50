// Small helpers of the page's parts: elements, amounts, times, and the notice that something failed.

import { Unreachable } from "./api.js";
import { t } from "./i18n.js";

const TOAST_MS = 8000;

export const byId = (id) => document.getElementById(id);

/** An element with properties and children; `null` children are left out. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** `1.990 kr.`, as Icelandic receipts write it, in either language. */
export function formatKr(amount) {
  return `${String(amount).replace(/\B(?=(\d{3})+$)/g, ".")}\u00a0kr.`;
}

/** Kronur from what was typed, with or without dots or spaces for thousands; null if that is not an amount. */
export function parseKr(text) {
  const typed = text.trim();
  if (!/^(\d{1,7}|\d{1,3}([. ]\d{3})|\d([. ]\d{3}){2})$/.test(typed)) return null;
  const amount = Number(typed.replace(/\D/g, ""));
  return amount > 0 ? amount : null;
}

/** `14:05:09`, as both languages write it (browsers without Icelandic would make it American). */
export function formatTime(time) {
  return new Date(time).toLocaleTimeString("en-GB");
}

/** Changes a text only if it is another one: what is announced to screen readers must not be said twice. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Keeps a list's items alive from one showing to the next, so that focus, open texts and running animations survive.
 * `make(value)` is called once for each `keyOf(value)`.
 */
export class Items {
  #list;
  #keyOf;
  #make;
  #nodes = new Map();

  constructor(list, keyOf, make) {
    this.#list = list;
    this.#keyOf = keyOf;
    this.#make = make;
  }

  show(values) {
    const before = this.#nodes;
    this.#nodes = new Map(
      values.map((value) => {
        const key = this.#keyOf(value);
        return [key, before.get(key) ?? this.#make(value)];
      }),
    );
    for (const [key, node] of before) if (this.#nodes.get(key) !== node) node.remove();
    [...this.#nodes.values()].forEach((node, place) => {
      if (this.#list.children[place] !== node) this.#list.insertBefore(node, this.#list.children[place] ?? null);
    });
  }

  /** Makes every item anew at the next showing: the language has changed. */
  forget() {
    for (const node of this.#nodes.values()) node.remove();
    this.#nodes.clear();
  }
}

let toastTimer = 0;

/** Shows in plain words why something did not work. */
export function showProblem(error) {
  if (error instanceof Unreachable) return; // the banner about the lost connection says it already
  byId("toast-text").textContent = error.message;
  byId("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(hideProblem, TOAST_MS);
}

export function hideProblem() {
  byId("toast").hidden = true;
}

/** Does a button's work, once at a time, and tells whether it was done. The button stays on: it would lose the focus. */
export async function working(button, work) {
  if (button.ariaBusy === "true") return false;
  button.ariaBusy = "true";
  try {
    await work();
    hideProblem();
    return true;
  } catch (error) {
    showProblem(error);
    return false;
  } finally {
    button.ariaBusy = "false";
  }
}

/** The words for this key, or else this text: for what a terminal newer than this page may say. */
export function wordsOr(key, text) {
  const words = t(key);
  return words === key ? text : words;
}
