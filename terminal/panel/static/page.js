// Small helpers of the page's parts: elements, amounts, times, and the notice that something failed.

import { Unreachable } from "./api.js";
import { language, t } from "./i18n.js";

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
  return `${String(amount).replace(/\B(?=(\d{3})+$)/g, ".")} kr.`;
}

/** Kronur from what was typed, with or without dots or spaces for thousands; null if that is not an amount. */
export function parseKr(text) {
  const typed = text.trim();
  if (!/^(\d{1,9}|\d{1,3}([. ]\d{3}){1,2})$/.test(typed)) return null;
  const amount = Number(typed.replace(/\D/g, ""));
  return amount > 0 ? amount : null;
}

export function formatTime(time) {
  return new Date(time).toLocaleTimeString(language() === "is" ? "is-IS" : "en-GB");
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

/** Runs what a button does, with the button off meanwhile. */
export async function withButton(button, work) {
  button.disabled = true;
  try {
    await work();
    hideProblem();
  } catch (error) {
    showProblem(error);
  } finally {
    button.disabled = false;
  }
}

export function orText(key, text) {
  const words = t(key);
  return words === key ? text : words;
}
