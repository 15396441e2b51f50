// The front panel's HTTP calls and its stream of changes. Knows nothing of the page.

const RETRY_MS = 3000;

/** The terminal's process is not there, so nobody answered. */
export class Unreachable extends Error {}

/** The terminal says no, and why. */
export class Refused extends Error {
  constructor(status, reason) {
    super(reason);
    this.status = status;
  }
}

/** Calls and gives the JSON answer. Throws Unreachable or Refused. */
export async function call(method, path, body) {
  const request = { method };
  if (body !== undefined) {
    request.headers = { "Content-Type": "application/json" };
    request.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Unreachable();
  }
  const answer = await response.json().catch(() => ({})); // a failure may have no readable body
  if (!response.ok) throw new Refused(response.status, answer.error ?? `HTTP ${response.status}`);
  return answer;
}

/**
 * Hears of changes as long as the page is looked at. A stream begins with one event for every part, so whatever was
 * missed meanwhile is loaded again by the same handlers. Hidden pages hang up: a browser has few connections to share.
 */
export function listen(onChange, onConnection) {
  let source = null;
  let retry = 0;

  function open() {
    source?.close();
    source = new EventSource("/api/events");
    source.onopen = () => onConnection(true);
    source.onmessage = (event) => onChange(JSON.parse(event.data));
    source.onerror = () => {
      onConnection(false);
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS); // else the browser retries
    };
  }

  function openOrClose() {
    clearTimeout(retry);
    if (document.hidden) source?.close();
    else open();
  }

  document.addEventListener("visibilitychange", openOrClose);
  openOrClose();
}

/** Loads one thing at a time: whoever asks while it is loading gets it loaded once more afterwards. */
export function oneAtATime(load, onProblem) {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      await load().catch(onProblem);
    }
    running = false;
  };
}
