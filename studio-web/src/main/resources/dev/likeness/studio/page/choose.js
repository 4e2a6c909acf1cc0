// The images of a shoot: the same sentences as its report, and what to keep.
import {html, Live, Progress, isEnd, onText} from './parts.js';
import {get, post, person as path} from './api.js';
import {t, said, messageOf, moment} from './words.js';

/**
 * @typedef {{shoots: ShootPlan[], shoot: ShootAnswer | null}} Data
 * @typedef {{compared: number[], zoomed: number | null, live: StudioEvent | null, data?: Data | null}} State
 * @typedef {Pick<ReportImage, 'number' | 'style' | 'sentences' | 'scores' | 'best'> & {recommended?: boolean}} Figure
 */

/** @extends {Live<Data, State>} */
export class Choose extends Live {
  constructor() {
    super();
    /** @type {State} */
    this.state = {compared: [], zoomed: null, live: null};
    /** @param {KeyboardEvent} event */
    this.onKey = event => this.key(event);
  }

  /** @param {StudioEvent} event */
  concerns(event) {
    if (event.person !== this.props.person) {
      return event.type === 'base';
    }
    if (event.type === 'shoot' && event.shoot === this.state.data?.shoot?.id) {
      this.setState({live: event});
      return isEnd(event) || (event.step ?? 0) <= 1 || event.done !== this.state.live?.done;
    }
    return event.type === 'shoot' || event.type === 'checked';
  }

  async load() {
    const id = this.props.person;
    const {shoots} = await get(`${path(id)}/shoots`);
    const wanted = this.props.shoot ?? shoots[0]?.id;
    return {shoots, shoot: wanted ? await get(`${path(id)}/shoots/${wanted}`) : null};
  }

  componentDidMount() {
    super.componentDidMount();
    document.addEventListener('keydown', this.onKey);
  }

  componentWillUnmount() {
    super.componentWillUnmount();
    document.removeEventListener('keydown', this.onKey);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === 'Escape' && (this.state.zoomed || this.state.compared.length)) {
      this.setState({zoomed: null, compared: []});
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey || /** @type {Element} */ (event.target).matches('input, select, textarea')) {
      return;
    }
    const figures = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-image]'))];
    const at = figures.findIndex(figure => figure.contains(document.activeElement));
    /** @type {Record<string, number>} */
    const moves = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};
    const move = moves[event.key];
    if (move && figures.length) {
      event.preventDefault();
      figures[Math.min(figures.length - 1, Math.max(0, at + move))].focus();
      return;
    }
    const image = Number(figures[at]?.dataset.image);
    /** @type {Record<string, () => void>} */
    const actions = {
      k: () => this.choose(image, 'keep'),
      d: () => this.choose(image, 'drop'),
      u: () => this.choose(image, 'none'),
      z: () => this.setState({zoomed: image}),
      c: () => this.compare(image),
    };
    const action = actions[event.key.toLowerCase()];
    if (image && action) {
      event.preventDefault();
      action();
    }
  }

  /**
   * @param {number} image
   * @param {string} choice
   */
  choose(image, choice) {
    return this.act(() => post(`${path(this.props.person)}/images/${image}`, {choice}));
  }

  /** @param {number} image */
  compare(image) {
    const now = this.state.compared;
    this.setState({compared: now.includes(image) ? now.filter(one => one !== image) : [...now, image].slice(-2)});
  }

  /** @param {string} action */
  control(action) {
    return this.act(() => post(`${path(this.props.person)}/shoots/${this.state.data?.shoot?.id}`, {action}));
  }

  /** @param {number} image */
  source(image) {
    const known = this.state.data?.shoot?.images.find(one => one.number === image);
    return `${path(this.props.person)}/images/${image}?version=${known?.edits ?? 0}`;
  }

  /**
   * @param {Readonly<PageProps>} props
   * @param {Readonly<State>} state
   */
  render({person}, {data, compared, zoomed, live}) {
    if (!data?.shoot) {
      return html`<main id="content"><h1>${t('choose.heading')}</h1>
        ${data && html`<p class="note">${t('choose.none')} <a href="#/${person}/shoot">${t('step.shoot')}</a></p>`}</main>`;
    }
    const {shoot, shoots} = data;
    const report = shoot.report;
    const isBusy = shoot.state === 'queued' || shoot.state === 'running';
    const choices = new Map(shoot.images.map(image => [image.number, image.choice]));
    const order = new Map(shoot.images.map((image, index) => [image.number, index + 1]));
    /** @type {Figure[]} */
    const figures = report.checked && report.images
      ? report.images
      : shoot.images.map(image => ({...image, sentences: [], scores: [], best: true}));
    const best = figures.filter(image => image.best);
    const others = figures.filter(image => !image.best);
    const edited = new Map(shoot.images.map(image => [image.number, image.edits]));
    /** @param {Figure} image */
    const draw = image => this.figure(
      image, order.get(image.number), choices.get(image.number), compared, edited.get(image.number));
    // The report names files; on the page, the images have numbers.
    /** @param {string} line */
    const named = line => line.replace(
      /headshot-([0-9]+)\.png/g, (file, n) => t('choose.image', {n: order.get(Number(n)) ?? Number(n)}));
    return html`<main id="content" class="choose">
      <h1>${t('choose.heading')}</h1>
      ${shoots.length > 1 && html`<p><label>${t('choose.shoot')} <select
        onChange=${onText(id => (location.hash = `#/${person}/choose/${id}`))}>
        ${shoots.map(one => html`<option value=${one.id} selected=${one.id === shoot.id}>
          ${t('choose.shootOf', {date: moment(one.created), done: one.images.length, total: one.total})}</option>`)}
        </select></label></p>`}
      ${report.warnings && report.warnings.length > 0 && html`<div class="warning">${report.warnings.map(line => html`<p>${said(line)}</p>`)}</div>`}
      <div role="status" aria-live="polite">${this.status(shoot, live, isBusy, named)}</div>
      <p class="row">
        ${isBusy && html`<button id="pause" onClick=${() => this.control('pause')}>${t('choose.pause')}</button>`}
        ${(shoot.state === 'paused' || shoot.state === 'failed')
          && html`<button class="primary" id="resume" onClick=${() => this.control('resume')}>${t('choose.resume')}</button>`}
      </p>
      ${figures.length > 0 && html`<p class="note">${t('choose.keys')}</p>`}
      ${best.length > 0 && html`<section><h2>${report.heading ? said(report.heading) : t('choose.waiting')}</h2>
        <div class="grid images">${best.map(draw)}</div></section>`}
      ${others.length > 0 && html`<section><h2>${t('choose.others')}</h2>
        <div class="grid images small">${others.map(draw)}</div></section>`}
      ${shoot.images.length > 0 && html`<p class="next always"><a class="button primary" id="next" href="#/${person}/export">
        ${t('choose.next')}</a></p>`}
      ${report.verdict && html`<p><a target="_blank" href="${path(person)}/shoots/${shoot.id}/report.html">
          ${t('choose.report')}</a></p>
        <section><h2>${t('choose.steps')}</h2><ol>${report.next_steps?.map(line => html`<li>${named(said(line))}</li>`)}</ol></section>
        <section><h2>${t('choose.limits')}</h2><ul>${report.limits?.map(line => html`<li>${said(line)}</li>`)}</ul></section>`}
      ${zoomed && this.dialog([zoomed], order, true)}
      ${compared.length === 2 && this.dialog(compared, order, false)}
    </main>`;
  }

  /**
   * @param {ShootAnswer} shoot
   * @param {StudioEvent | null} live
   * @param {boolean} isBusy
   * @param {(line: string) => string} named
   */
  status(shoot, live, isBusy, named) {
    const {source = '', likeness = '', warnings = [], verdict} = shoot.report;
    if (isBusy && shoot.state === 'running' && live?.steps) {
      const {done = 0, step = 0, steps} = live;
      const words = t('choose.running', {image: Math.min(shoot.total, done + 1), total: shoot.total, step, steps});
      return html`<p>${words}</p>
        <${Progress} value=${done + step / steps} max=${shoot.total} label=${words} />
        ${live.preview && html`<p><img class="preview" alt=${t('choose.preview')}
          src="${path(this.props.person)}/shoots/${shoot.id}/preview?at=${live.done}-${live.preview}" /></p>`}`;
    }
    if (isBusy) {
      return html`<p>${t('choose.queued')}</p><${Progress} label=${t('choose.queued')} />`;
    }
    return html`
      ${shoot.state === 'paused' && html`<p>${t('choose.paused')}</p>`}
      ${shoot.state === 'failed' && html`<p class="warning">${t('choose.failed', {message: messageOf(shoot.message)})}</p>`}
      ${shoot.report.checked
        ? verdict && html`<p class="verdict">${named(said(verdict))}</p>
          <p>${said(source)}${' '}${warnings.includes(likeness) ? '' : said(likeness)}</p>`
        : shoot.images.length > 0
          && html`<p>${t(shoot.report.checkable === false ? 'choose.uncheckable' : 'choose.checking')}</p>`}`;
  }

  /**
   * @param {Figure} image
   * @param {number | undefined} n its place in the shoot
   * @param {string | undefined} choice
   * @param {number[]} compared
   * @param {number | undefined} edits
   */
  figure(image, n, choice, compared, edits = 0) {
    const style = said(image.style);
    const alt = t('choose.alt', {n, style});
    /** @param {string} one */
    const toggle = one => this.choose(image.number, choice === one ? 'none' : one);
    return html`<figure key=${image.number} class="card image ${choice} ${image.recommended ? 'fits' : ''}" tabindex="0"
      data-image=${image.number} role="group" aria-label=${alt}>
      <img loading="lazy" src=${this.source(image.number)} alt=${alt} />
      <figcaption>
        <p><b>${t('choose.image', {n})}</b> <span class="note">${style}</span></p>
        ${edits > 0 && html`<p class="note">${t('choose.edited', {n: edits})}</p>`}
        ${image.sentences.map(line => html`<p class="reason">${said(line)}</p>`)}
        <p class="row tools">
          <button aria-pressed=${choice === 'keep'} onClick=${() => toggle('keep')}>
            ${t(choice === 'keep' ? 'choose.kept' : 'choose.keep')}</button>
          <button aria-pressed=${choice === 'drop'} onClick=${() => toggle('drop')}>
            ${t(choice === 'drop' ? 'choose.dropped' : 'choose.drop')}</button>
          <button onClick=${() => this.setState({zoomed: image.number})}>${t('choose.zoom')}</button>
          <button aria-pressed=${compared.includes(image.number)} onClick=${() => this.compare(image.number)}>
            ${t('choose.compare')}</button>
          <a class="button" id="edit-${image.number}" href="#/${this.props.person}/edit/${image.number}">${t('step.edit')}</a>
        </p>
        ${image.scores.length > 0 && html`<details><summary>${t('choose.scores')}</summary>
          <table><thead><tr><th scope="col">${t('choose.score')}</th><th scope="col">${t('choose.value')}</th>
            <th scope="col">${t('choose.limit')}</th></tr></thead>
          <tbody>${image.scores.map(score => html`<tr class=${score.passed ? '' : 'failed'}><td>${said(score.label)}</td>
            <td>${said(score.value)}</td><td>${said(score.limit)}</td></tr>`)}</tbody></table></details>`}
      </figcaption>
    </figure>`;
  }

  /**
   * @param {number[]} images
   * @param {Map<number, number>} order
   * @param {boolean} isZoomed
   */
  dialog(images, order, isZoomed) {
    const close = () => this.setState({zoomed: null, compared: []});
    /** @param {HTMLDialogElement | null} element */
    const open = element => {
      if (element && !element.open) {
        element.showModal();
      }
    };
    return html`<dialog ref=${open} onClose=${close} aria-label=${t(isZoomed ? 'choose.zoom' : 'choose.compare')}>
      <div class="pair">${images.map(image => html`<figure class=${isZoomed ? 'eyes' : ''}>
        <div class="window"><img src=${this.source(image)} alt=${t('choose.image', {n: order.get(image)})} /></div>
        <figcaption>${t('choose.image', {n: order.get(image)})}</figcaption></figure>`)}</div>
      <p class="row"><button autofocus onClick=${close}>${t('choose.close')}</button></p>
    </dialog>`;
  }
}
