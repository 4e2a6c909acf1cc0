// What all pages share.
import {h, Component} from './vendor/preact.module.js';
import htm from './vendor/htm.module.js';
import {listen} from './api.js';

export const html = htm.bind(h);
export {Component};

/**
 * A part of the page that loads data and loads it again when an event of the server concerns it.
 * @template D what it loads
 * @template {object} [S={}] its own state beside the data
 * @extends {Component<PageProps, S & {data?: D | null}>}
 */
export class Live extends Component {
  componentDidMount() {
    this.isMounted = true;
    this.stop = listen(event => {
      if (event.type === 'open' || event.type === 'poll' || this.concerns(event)) {
        this.reload();
      }
    });
    this.reload();
  }

  /** @param {Readonly<PageProps>} before */
  componentDidUpdate(before) {
    if (before.person !== this.props.person) {
      this.keep(null);
    }
    if (before.person !== this.props.person || before.shoot !== this.props.shoot) {
      this.reload();
    }
  }

  componentWillUnmount() {
    this.isMounted = false;
    this.stop?.();
  }

  /** @param {D | null} data */
  keep(data) {
    this.setState(/** @type {Partial<S & {data?: D | null}>} */ ({data}));
  }

  /**
   * @param {StudioEvent} event
   * @returns {boolean}
   */
  concerns(event) {
    return event.type === 'none';
  }

  /** @returns {Promise<D>} */
  load() {
    throw new Error('a page that shows data loads it');
  }

  /** Loads once more, but not more often than twice a second. */
  reload() {
    if (this.timer) {
      this.isStale = true;
      return;
    }
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.isStale) {
        this.isStale = false;
        this.reload();
      }
    }, 500);
    this.loadNow();
  }

  async loadNow() {
    try {
      const data = await this.load();
      if (this.isMounted) {
        this.keep(data);
      }
    } catch (failure) {
      const refusal = /** @type {Failure} */ (failure);
      // While the base is being opened, the header says so, and an event tells when it is open. Of a person who was
      // erased, the page of the address says it.
      if (refusal.status !== 409 && refusal.status !== 404) {
        this.props.onError?.(refusal);
      }
    }
  }

  /**
   * Runs what a button does, and shows a refusal.
   * @param {() => Promise<unknown>} action
   */
  async act(action) {
    try {
      await action();
      this.reload();
    } catch (refusal) {
      this.props.onError?.(/** @type {Failure} */ (refusal));
    }
  }
}

/**
 * Returns the whole number of a field, which may be empty while it is being changed.
 * @param {string | number | null} text
 * @param {number} least
 */
export function whole(text, least) {
  return Math.max(least, Math.floor(Number(text)) || least);
}

/**
 * Tells whether an event says that a job ended, whichever step it had.
 * @param {StudioEvent} event
 */
export function isEnd(event) {
  return event.state !== undefined && event.state !== 'queued' && event.state !== 'running';
}

/** @param {{value?: number, max?: number, label: string}} props */
export function Progress({value, max, label}) {
  return html`<progress value=${max ? value : undefined} max=${max || undefined} aria-label=${label}></progress>`;
}

/** @typedef {Event & {target: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement}} FieldEvent */

/**
 * Takes what a field holds each time it changes.
 * @param {(value: string) => void} take
 * @returns {(event: FieldEvent) => void}
 */
export function onText(take) {
  return event => take(event.target.value);
}

/**
 * Takes whether a box is ticked each time it changes.
 * @param {(isTicked: boolean) => void} take
 * @returns {(event: Event & {target: HTMLInputElement}) => void}
 */
export function onTick(take) {
  return event => take(event.target.checked);
}

/**
 * Takes the files that were chosen, and forgets them, so that the same can be chosen again.
 * @param {(files: File[]) => void} take
 * @returns {(event: Event & {target: HTMLInputElement}) => void}
 */
export function onFiles(take) {
  return event => {
    const files = [...event.target.files ?? []];
    event.target.value = '';
    take(files);
  };
}

/**
 * A line chart of points, as an image with words.
 * @template {string} X
 * @template {string} Y
 * @param {{points: Record<X | Y, number>[], x: X, y: Y, label: string}} props
 */
export function Chart({points, x, y, label}) {
  if (points.length < 2) {
    return null;
  }
  const width = 600;
  const height = 120;
  const xs = points.map(point => point[x]);
  const ys = points.map(point => point[y]);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const line = points
    .map(point => `${((point[x] - left) / (right - left || 1)) * width},`
      + `${height - ((point[y] - low) / (high - low || 1)) * height}`)
    .join(' ');
  return html`<svg class="chart" viewBox="-4 -4 ${width + 8} ${height + 8}" role="img" aria-label=${label}
    preserveAspectRatio="none"><polyline points=${line} /></svg>`;
}

/**
 * Where photos are dropped or chosen.
 * @extends {Component<{label: string, choose: string, or: string, camera?: string, isSecondary?: boolean,
 *   onFiles(files: File[]): void},
 *   {over?: boolean}>}
 */
export class DropZone extends Component {
  /** @param {Iterable<File>} files */
  choose(files) {
    const photos = [...files].filter(file => file.size > 0);
    if (photos.length) {
      this.props.onFiles(photos);
    }
  }

  /** @param {DropZone['props']} props */
  render({label, choose, or, camera, isSecondary}) {
    return html`<div class="drop ${this.state.over ? 'over' : ''}"
      onDragOver=${(/** @type {DragEvent} */ event) => {
        event.preventDefault();
        this.setState({over: true});
      }}
      onDragLeave=${() => this.setState({over: false})}
      onDrop=${(/** @type {DragEvent} */ event) => {
        event.preventDefault();
        this.setState({over: false});
        this.choose(event.dataTransfer?.files ?? []);
      }}>
      <p class="drop-label">${label}</p>
      <p class="drop-or">${or}</p>
      <p class="row center">
        <label class="button ${isSecondary ? '' : 'primary'}">${choose}
          <input class="hidden-input" type="file" multiple accept="image/*,.heic,.heif" id="choose-photos"
            onChange=${onFiles(files => this.choose(files))} /></label>
        ${camera && html`<label class="button">${camera}
          <input class="hidden-input" type="file" accept="image/*" capture="user"
            onChange=${onFiles(files => this.choose(files))} /></label>`}
      </p>
    </div>`;
  }
}
