// Calls of the HTTP API, and its events.

/** A refusal of the server, with its words for the person at the page. */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @param {Response} response */
async function answer(response) {
  if (response.ok) {
    return response;
  }
  let message = `${response.status}`;
  try {
    message = (await response.json()).error ?? message;
  } catch {
    // The status alone has to do.
  }
  throw new Refusal(response.status, message);
}

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function get(path) {
  return (await answer(await fetch(path))).json();
}

/**
 * @param {string} path
 * @param {object} body
 * @returns {Promise<any>}
 */
export async function post(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(body),
  });
  return (await answer(response)).json();
}

/**
 * @param {string} path
 * @param {Blob} file
 * @returns {Promise<any>}
 */
export async function send(path, file) {
  const response = await fetch(path, {
    method: 'POST',
    headers: {'Content-Type': 'application/octet-stream'},
    body: file,
  });
  return (await answer(response)).json();
}

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function remove(path) {
  return (await answer(await fetch(path, {method: 'DELETE'}))).json();
}

/** @param {string} path */
export async function load(path) {
  return (await answer(await fetch(path))).blob();
}

/** Waits until the base model is open or cannot be opened. */
export async function baseOpened() {
  while ((await get('/api/studio')).base.state === 'opening') {
    await new Promise(done => setTimeout(done, 1000));
  }
}

/** @type {Set<(event: StudioEvent) => void>} */
const listeners = new Set();

/**
 * Calls a function with every event of the server; returns what ends the calls.
 * @param {(event: StudioEvent) => void} listener
 */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {StudioEvent} event */
function tell(event) {
  for (const listener of [...listeners]) {
    listener(event);
  }
}

/** Opens the stream of events. Without a stream, the page asks every few seconds. */
export function connect() {
  const source = new EventSource('/api/events');
  source.onmessage = message => tell(JSON.parse(message.data));
  source.onopen = () => tell({type: 'open'});
  source.onerror = () => {
    tell({type: 'lost'});
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(connect, 5000);
      tell({type: 'poll'});
    }
  };
}

/** @param {string} id */
export function person(id) {
  return `/api/people/${id}`;
}
