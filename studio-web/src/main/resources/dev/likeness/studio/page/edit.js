// Changes to a headshot: new words for its parts or for a painted region, before and after, and back.
import {html, Live, Component, Progress, isEnd, onText, onTick} from './parts.js';
import {get, post, person as path} from './api.js';
import {t, said, messageOf, number as format} from './words.js';

/**
 * @typedef {ShootImage & {place: number, date: string}} Placed
 * @typedef {{images: Placed[], image: Placed | undefined, edits: EditsAnswer | null}} Data
 * @typedef {{words: Record<string, string>, maskWords: string, strength: string, share: number, paints: boolean,
 *   live: StudioEvent | null, data?: Data | null}} State
 */

const PARTS = /** @type {const} */ (['outfit', 'backdrop', 'light', 'expression']);

/**
 * All images of a person, those that are kept first, without those that were dropped.
 * @param {string} person
 */
export async function imagesOf(person) {
  /** @type {ShootsAnswer} */
  const {shoots} = await get(`${path(person)}/shoots`);
  const all = shoots.flatMap(shoot => shoot.images.map((image, index) => ({
    ...image, place: index + 1, date: shoot.created})));
  const kept = all.filter(image => image.choice === 'keep');
  return {images: kept.length ? kept : all.filter(image => image.choice !== 'drop'), hasKept: kept.length > 0};
}

/** @extends {Live<Data, State>} */
export class Edit extends Live {
  constructor() {
    super();
    /** @type {State} */
    this.state = {words: {}, maskWords: '', strength: '', share: 50, paints: false, live: null};
  }

  /** @param {StudioEvent} event */
  concerns(event) {
    if (event.person !== this.props.person) {
      return event.type === 'base';
    }
    if (event.type === 'edit') {
      this.setState({live: event});
      return isEnd(event) || (event.step ?? 0) <= 1 || event.step === event.steps;
    }
    return event.type === 'checked';
  }

  async load() {
    const {images} = await imagesOf(this.props.person);
    const image = images.find(one => String(one.number) === this.props.shoot) ?? images[0];
    return {images, image, edits: image ? await get(this.address(image.number)) : null};
  }

  /** @param {number} image */
  address(image) {
    return `${path(this.props.person)}/images/${image}/edits`;
  }

  /** @param {string} action */
  control(action) {
    const image = this.state.data?.image?.number ?? 0;
    return this.act(() => post(this.address(image), {action}));
  }

  /** @param {Event} event */
  start(event) {
    event.preventDefault();
    const {words, maskWords, strength, paints, data} = this.state;
    const image = data?.image?.number ?? 0;
    /** @type {Record<string, string | number>} */
    const order = {action: 'start', ...words};
    if (paints) {
      order.mask = this.brush?.png() ?? '';
      order.mask_words = maskWords;
    }
    if (strength !== '') {
      order.strength = Number(strength) / 100;
    }
    return this.act(async () => {
      await post(this.address(image), order);
      this.setState({words: {}, paints: false, maskWords: ''});
    });
  }

  /**
   * @param {number} image
   * @param {number} version
   */
  source(image, version) {
    return `${path(this.props.person)}/images/${image}?version=${version}`;
  }

  /**
   * @param {Readonly<PageProps>} props
   * @param {Readonly<State>} state
   */
  render({person}, {data, words, maskWords, strength, share, paints, live}) {
    if (!data?.image || !data.edits) {
      return html`<main id="content"><h1>${t('edit.heading')}</h1>
        ${data && html`<p class="note">${t('export.none')} <a href="#/${person}/shoot">${t('step.shoot')}</a></p>`}</main>`;
    }
    const {images, image, edits} = data;
    const isBusy = edits.state === 'queued' || edits.state === 'running';
    const isStopped = edits.state === 'paused' || edits.state === 'failed';
    const newest = edits.versions.length;
    /** @param {string} part */
    const set = part => onText(text => this.setState({words: {...words, [part]: text}}));
    const isEmpty = !paints && !PARTS.some(part => words[part]?.trim());
    return html`<main id="content">
      <h1>${t('edit.heading')}</h1>
      <p class="lead">${t('edit.lead')}</p>
      <p><label>${t('export.which')} <select id="image" onChange=${onText(one => (location.hash = `#/${person}/edit/${one}`))}>
        ${images.map(one => html`<option value=${one.number} selected=${one === image}>
          ${t('choose.image', {n: one.place})} · ${said(one.style)}${one.edits ? ` · ${t('edit.edited', {n: one.edits})}` : ''}</option>`)}
      </select></label></p>
      <div class="edit">
        <section aria-label=${t('edit.result')}>
          ${paints
            ? html`<${Brush} ref=${(/** @type {Brush | null} */ brush) => (this.brush = brush)} source=${this.source(image.number, newest)}
                width=${edits.width} height=${edits.height} />`
            : newest > 0
              ? html`<${Slider} before=${this.source(image.number, newest - 1)} after=${this.source(image.number, newest)}
                  share=${share} onShare=${(/** @type {number} */ value) => this.setState({share: value})} />`
              : html`<img class="whole" src=${this.source(image.number, 0)} alt=${t('choose.alt', {n: image.place, style: said(image.style)})} />`}
          <div role="status" aria-live="polite">${this.status(edits, live, isBusy)}</div>
          ${newest > 0 && this.verdict(edits.versions[newest - 1])}
          <p class="row">
            ${isBusy && html`<button id="stop-edit" onClick=${() => this.control('pause')}>${t('edit.pause')}</button>`}
            ${isStopped && html`<button class="primary" id="resume-edit" onClick=${() => this.control('resume')}>${t('edit.resume')}</button>`}
            ${!isBusy && (newest > 0 || isStopped)
              && html`<button id="undo" onClick=${() => this.control('undo')}>${t('edit.undo')}</button>`}
          </p>
        </section>
        <form onSubmit=${(/** @type {Event} */ event) => this.start(event)}>
          ${edits.parts.map(one => html`<p key=${one.part}><label>${t(`edit.${one.part}`)}
            <input type="text" id=${`words-${one.part}`} maxlength="200" translate=${false} list=${`choices-${one.part}`} value=${words[one.part] ?? ''}
              placeholder=${one.now ?? t('edit.same')} onInput=${set(one.part)} /></label>
            <datalist id=${`choices-${one.part}`}>${one.choices.map(text => html`<option value=${text} />`)}</datalist></p>`)}
          <label class="choice"><input type="checkbox" id="paint" checked=${paints}
            onChange=${onTick(isTicked => this.setState({paints: isTicked}))} /> <span>${t('edit.paint')}</span></label>
          ${paints && html`<p><label>${t('edit.maskWords')}
            <input type="text" id="mask-words" maxlength="200" value=${maskWords}
              onInput=${onText(text => this.setState({maskWords: text}))} /></label></p>`}
          <details><summary>${t('shoot.more')}</summary>
            <p><label>${t('edit.strength')} <input type="number" min="0" max="100" value=${strength} placeholder="–"
              onInput=${onText(text => this.setState({strength: text}))} /></label>
              <span class="note">${t('edit.strengthNote')}</span></p></details>
          <p class="row"><button class="primary" id="start-edit" disabled=${isBusy || isEmpty}>${t('edit.start')}</button></p>
        </form>
      </div>
      <p class="next"><a class="button" id="next" href="#/${person}/export">${t('choose.next')}</a></p>
    </main>`;
  }

  /**
   * @param {EditsAnswer} edits
   * @param {StudioEvent | null} live
   * @param {boolean} isBusy
   */
  status(edits, live, isBusy) {
    if (isBusy && edits.state === 'running' && live?.steps) {
      const words = t('edit.running', {step: live.step, steps: live.steps});
      return html`<p>${words}</p><${Progress} value=${live.step} max=${live.steps} label=${words} />`;
    }
    if (isBusy) {
      return html`<p>${t('edit.queued')}</p><${Progress} label=${t('edit.queued')} />`;
    }
    return edits.state === 'failed'
      ? html`<p class="warning">${t('edit.failed', {message: messageOf(edits.message)})}</p>`
      : edits.state === 'paused' && html`<p>${t('edit.paused')}</p>`;
  }

  /** @param {EditVersion} version */
  verdict(version) {
    return html`<p>${t('edit.changed', {percent: format(Math.round(100 * version.changed_share))})}</p>
      ${version.sentences.map(line => html`<p class="reason">${said(line)}</p>`)}
      <details><summary>${t('choose.scores')}</summary>
        <table><thead><tr><th scope="col">${t('choose.score')}</th><th scope="col">${t('choose.value')}</th>
          <th scope="col">${t('choose.limit')}</th></tr></thead>
        <tbody>${version.scores.map(score => html`<tr class=${score.passed ? '' : 'failed'}><td>${said(score.label)}</td>
          <td>${said(score.value)}</td><td>${said(score.limit)}</td></tr>`)}</tbody></table></details>`;
  }
}

/**
 * Two images over each other, and how much of each is seen.
 * @param {{before: string, after: string, share: number, onShare(share: number): void}} props
 */
function Slider({before, after, share, onShare}) {
  return html`<div class="slider">
      <img src=${after} alt=${t('edit.after')} />
      <img class="before" src=${before} alt=${t('edit.before')} style=${{clipPath: `inset(0 ${100 - share}% 0 0)`}} />
      <span class="line" style=${{left: `${share}%`}}></span>
    </div>
    <label class="sliding"><span>${t('edit.before')}</span>
      <input type="range" id="share" min="0" max="100" value=${share} aria-label=${t('edit.compare')}
        onInput=${onText(value => onShare(Number(value)))} />
      <span>${t('edit.after')}</span></label>`;
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
}

/** @typedef {{left: number, top: number, width: number, height: number}} Box */

/**
 * A brush for the region to change, with a rectangle for those who use no pointer.
 * @extends {Component<{source: string, width: number, height: number}, {size: number, erases: boolean, box: Box}>}
 */
class Brush extends Component {
  constructor() {
    super();
    /** @type {HTMLCanvasElement | null} */
    this.canvas = null;
    this.state = {size: 12, erases: false, box: {left: 25, top: 50, width: 50, height: 50}};
  }

  /** @param {PointerEvent} event */
  paint(event) {
    if (event.type === 'pointerdown') {
      /** @type {Element} */ (event.target).setPointerCapture(event.pointerId);
      this.last = null;
    } else if (!event.buttons) {
      return;
    }
    event.preventDefault();
    const canvas = this.sheet();
    const box = canvas.getBoundingClientRect();
    const at = {
      x: ((event.clientX - box.left) / box.width) * canvas.width,
      y: ((event.clientY - box.top) / box.height) * canvas.height,
    };
    const pen = this.pen();
    pen.lineWidth = (this.state.size / 100) * canvas.width;
    pen.lineCap = 'round';
    pen.beginPath();
    pen.moveTo(this.last?.x ?? at.x, this.last?.y ?? at.y);
    pen.lineTo(at.x, at.y);
    pen.stroke();
    this.last = at;
  }

  sheet() {
    return /** @type {HTMLCanvasElement} */ (this.canvas);
  }

  pen() {
    const pen = contextOf(this.sheet());
    pen.globalCompositeOperation = this.state.erases ? 'destination-out' : 'source-over';
    pen.strokeStyle = '#fff';
    pen.fillStyle = '#fff';
    return pen;
  }

  fill() {
    const {left, top, width, height} = this.state.box;
    const canvas = this.sheet();
    this.pen().fillRect(
      (left / 100) * canvas.width, (top / 100) * canvas.height, (width / 100) * canvas.width, (height / 100) * canvas.height);
  }

  clear() {
    const canvas = this.sheet();
    contextOf(canvas).clearRect(0, 0, canvas.width, canvas.height);
  }

  /** Returns the painted region, white on black, as a PNG file in base64. */
  png() {
    const sheet = document.createElement('canvas');
    sheet.width = this.props.width;
    sheet.height = this.props.height;
    const pen = contextOf(sheet);
    pen.fillStyle = '#000';
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.drawImage(this.sheet(), 0, 0);
    return sheet.toDataURL('image/png').split(',')[1];
  }

  /**
   * @param {Brush['props']} props
   * @param {Brush['state']} state
   */
  render({source, width, height}, {size, erases, box}) {
    /** @param {PointerEvent} event */
    const draw = event => this.paint(event);
    return html`<div class="brush"><img src=${source} alt=${t('edit.before')} />
        <canvas ref=${(/** @type {HTMLCanvasElement | null} */ canvas) => (this.canvas = canvas)} width=${width} height=${height} aria-label=${t('edit.painted')}
          role="img" onPointerDown=${draw} onPointerMove=${draw}></canvas></div>
      <p class="row"><label>${t('edit.brush')} <input type="range" min="2" max="40" value=${size}
          onInput=${onText(value => this.setState({size: Number(value)}))} /></label>
        <button type="button" aria-pressed=${erases} onClick=${() => this.setState({erases: !erases})}>${t('edit.eraser')}</button>
        <button type="button" onClick=${() => this.clear()}>${t('edit.clear')}</button></p>
      <fieldset class="box"><legend>${t('edit.rectangle')}</legend>
        ${/** @type {const} */ (['left', 'top', 'width', 'height']).map(side => html`<label>${t(`edit.box.${side}`)} <input type="number" min="0" max="100" value=${box[side]}
          onInput=${onText(value => this.setState({box: {...box, [side]: Number(value)}}))} /></label>`)}
        <button type="button" id="fill" onClick=${() => this.fill()}>${t('edit.fill')}</button></fieldset>`;
  }
}
