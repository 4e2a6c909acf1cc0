// Grids of seeds and settings on the base, for those who study them.
import {html, Live, Progress, Chart, isEnd, whole, onText, onTick, onFiles} from './parts.js';
import {get, post, send} from './api.js';
import {t, messageOf, number} from './words.js';

/**
 * @typedef {Record<string, string>} Weights
 * @typedef {{prompt: string, negative: string, scheduler: string, steps: number | string | null, guidance: string,
 *   seed: number | string, count: number | string, axis: string, values: string, loras: Weights, references: boolean,
 *   plan: SigmasAnswer | null, planError?: string | null, live: StudioEvent | null, copied?: string,
 *   data?: PlaygroundAnswer | null}} State
 */

const AXES = /** @type {const} */ (['', 'steps', 'guidance', 'scheduler', 'lora']);

/** @extends {Live<PlaygroundAnswer, State>} */
export class Playground extends Live {
  constructor() {
    super();
    /** @type {State} */
    this.state = {
      prompt: '', negative: '', scheduler: '', steps: null, guidance: '', seed: 0, count: 2, axis: '', values: '',
      loras: {}, references: false, plan: null, live: null,
    };
  }

  /** @param {StudioEvent} event */
  concerns(event) {
    if (event.type === 'playground') {
      this.setState({live: event});
      return isEnd(event) || (event.step ?? 0) <= 1 || event.done !== this.state.data?.grid?.done;
    }
    return event.type === 'base';
  }

  async load() {
    /** @type {PlaygroundAnswer} */
    const data = await get('/api/playground');
    if (this.state.steps === null) {
      this.setState({steps: data.steps});
      this.plan(this.state.scheduler, data.steps);
    }
    return data;
  }

  numbers() {
    const {steps, seed, count} = this.state;
    return {steps: whole(steps, 1), seed: whole(seed, 0), count: whole(count, 1)};
  }

  /**
   * Asks for the sigma schedule; a name that is not complete yet has none.
   * @param {string} scheduler
   * @param {number} steps
   */
  async plan(scheduler, steps) {
    try {
      const query = new URLSearchParams({scheduler, steps: String(steps)});
      this.setState({plan: await get(`/api/playground/sigmas?${query}`), planError: null});
    } catch (refusal) {
      this.setState({plan: null, planError: messageOf(/** @type {Failure} */ (refusal).message)});
    }
  }

  /** @param {Event} event */
  start(event) {
    event.preventDefault();
    const {prompt, negative, scheduler, guidance, axis, values, loras, references} = this.state;
    const {steps, seed, count} = this.numbers();
    const used = Object.fromEntries(Object.entries(loras).filter(([, weight]) => weight !== ''));
    return this.act(() => post('/api/playground', {
      action: 'start', prompt, negative, scheduler, steps, seed, count, axis, references,
      loras: Object.fromEntries(Object.entries(used).map(([name, weight]) => [name, Number(weight)])),
      ...(guidance === '' ? {} : {guidance: Number(guidance)}),
      ...(axis === '' ? {} : {values: values.split(',').map(value => value.trim()).filter(value => value)}),
    }));
  }

  /** @param {File[]} files */
  addReferences(files) {
    return this.act(async () => {
      for (const file of files) {
        await send(`/api/playground/references?name=${encodeURIComponent(file.name)}`, file);
      }
      this.setState({references: true});
    });
  }

  /**
   * @param {Readonly<PageProps>} props
   * @param {Readonly<State>} state
   */
  render(props, state) {
    const {data, prompt, negative, scheduler, steps, guidance, seed, count, axis, values, loras} = state;
    if (!data) {
      return html`<main id="content"><h1>${t('play.heading')}</h1><p class="note">${t('play.waits')}</p></main>`;
    }
    const {grid} = data;
    const isBusy = grid?.state === 'queued' || grid?.state === 'running';
    const rows = axis === '' ? 1 : values.split(',').filter(value => value.trim()).length;
    const total = rows * this.numbers().count;
    /** @param {'prompt' | 'negative' | 'scheduler' | 'steps' | 'guidance' | 'seed' | 'count' | 'axis' | 'values'} key */
    const set = key => onText(value => this.setState(/** @type {Partial<State>} */ ({[key]: value})));
    const plan = onText(value => this.plan(scheduler, whole(value, 1)));
    return html`<main id="content">
      <h1>${t('play.heading')}</h1>
      <p class="lead">${t('play.lead')}</p>
      <div class="edit">
        <form onSubmit=${(/** @type {Event} */ event) => this.start(event)}>
          <p><label>${t('play.prompt')} <textarea id="prompt" rows="3" maxlength="2000" required value=${prompt}
            onInput=${set('prompt')}></textarea></label></p>
          <p><label>${t('play.negative')} <input type="text" maxlength="2000" value=${negative} onInput=${set('negative')} /></label></p>
          <p><label>${t('play.scheduler')} <input type="text" id="scheduler" list="schedulers" translate=${false} placeholder=${data.scheduler}
            value=${scheduler} onInput=${set('scheduler')} onChange=${onText(name => this.plan(name, whole(steps, 1)))} /></label>
            <datalist id="schedulers">${data.schedulers.map(name => html`<option value=${name} />`)}</datalist></p>
          <p class="row"><label>${t('shoot.steps')} <input type="number" id="steps" min="1" max="150" value=${steps}
              onInput=${set('steps')} onChange=${plan} /></label>
            <label>${t('play.guidance')} <input type="number" step="0.1" value=${guidance} placeholder=${data.guidance}
              onInput=${set('guidance')} /></label></p>
          <p class="row"><label>${t('play.seed')} <input type="number" min="0" value=${seed} onInput=${set('seed')} /></label>
            <label>${t('play.count')} <input type="number" id="count" min="1" max="8" value=${count}
              onInput=${set('count')} /></label></p>
          <p><label>${t('play.axis')} <select id="axis" onChange=${set('axis')}>${AXES.filter(one => one !== 'lora' || data.loras.length > 0).map(one => html`<option value=${one}
            selected=${one === axis}>${t(/** @type {const} */ (`play.axis.${one || 'none'}`))}</option>`)}</select></label></p>
          ${axis !== '' && html`<p><label>${t('play.values')} <input type="text" id="values" translate=${false} value=${values}
            placeholder=${{steps: '5, 10, 20', guidance: '1, 4, 7.5', scheduler: 'euler, dpmpp_2m_karras', lora: '0, 0.5, 1'}[axis]}
            onInput=${set('values')} /></label></p>`}
          ${data.loras.length > 0 && html`<fieldset><legend>${t('play.loras')}</legend>${data.loras.map(name => html`<p><label><span translate=${false}>${name}</span>
            <input type="number" id="lora-${name}" step="0.05" value=${loras[name] ?? ''} placeholder="–"
              onInput=${onText(weight => this.setState({loras: {...loras, [name]: weight}}))} /></label></p>`)}</fieldset>`}
          ${data.loras.length === 0 && html`<p class="note">${t('play.noLoras')} <code>likeness studio --lora FILE</code></p>`}
          ${data.edits && html`<fieldset><legend>${t('play.references', {n: data.references})}</legend>
            <p class="row"><label class="button">${t('play.addReferences')}<input class="hidden-input" type="file" multiple id="add-references"
                accept="image/*" onChange=${onFiles(files => this.addReferences(files))} /></label>
              ${data.references > 0 && html`<button type="button" onClick=${() => this.act(() => post('/api/playground',
                {action: 'forget'}))}>${t('play.forget')}</button>
              <label class="choice"><input type="checkbox" id="show-references" checked=${state.references}
                onChange=${onTick(isTicked => this.setState({references: isTicked}))} /> <span>${t('play.show')}</span></label>`}
            </p></fieldset>`}
          <p class="row"><button class="primary" id="play" disabled=${isBusy || total < 1 || total > data.most}>${t('shoot.start')}</button>
            <span class="note" role="status">${t('shoot.total', {n: number(total)})}</span></p>
        </form>
        <section aria-label=${t('play.sigmas')}><h2>${t('play.sigmas')}</h2>${this.sigmas()}</section>
      </div>
      ${grid && this.grid(grid, isBusy)}
    </main>`;
  }

  sigmas() {
    const {plan, planError} = this.state;
    if (!plan) {
      return html`<p class="note">${planError}</p>`;
    }
    const {rows} = plan;
    /** @param {number} value */
    const text = value => number(Math.round(value * 1000) / 1000);
    return html`<${Chart} points=${rows} x="row" y="sigma" label=${t('play.sigmasAlt', {
        scheduler: plan.scheduler, n: rows.length, first: text(rows[0].sigma), last: text(rows[rows.length - 1].sigma)})} />
      <p class="note">${t('play.sigmasAlt', {
        scheduler: plan.scheduler, n: rows.length, first: text(rows[0].sigma), last: text(rows[rows.length - 1].sigma)})}</p>
      <details><summary>${t('play.rows')}</summary><table><thead><tr><th scope="col">${t('play.row')}</th>
        <th scope="col">${t('play.timestep')}</th><th scope="col">sigma</th></tr></thead><tbody>${rows.map(row => html`<tr>
        <td>${row.row}</td><td>${text(row.timestep)}</td><td>${text(row.sigma)}</td></tr>`)}</tbody></table></details>`;
  }

  /**
   * @param {Grid} grid
   * @param {boolean} isBusy
   */
  grid(grid, isBusy) {
    const {live} = this.state;
    const total = grid.rows.length * grid.count;
    const words = t('choose.running', {
      image: Math.min(total, grid.done + 1), total, step: live?.step ?? 0, steps: live?.steps ?? 0});
    const column = [...Array(grid.count).keys()];
    return html`<section><h2>${t('play.grid')}</h2>
      <div role="status" aria-live="polite">
        ${isBusy && html`<p>${words}</p><${Progress} value=${grid.done} max=${total} label=${words} />`}
        ${grid.state === 'failed' && html`<p class="warning">${t('choose.failed', {message: messageOf(grid.message)})}</p>`}
        ${grid.state === 'stopped' && html`<p id="grid-stopped">${t('play.stopped')}</p>`}</div>
      ${(grid.state === 'stopped' || grid.state === 'failed') && html`<p><button id="resume-grid"
        onClick=${() => this.act(() => post('/api/playground', {action: 'resume'}))}>${t('play.resume')}</button></p>`}
      ${isBusy && html`<p><button id="stop-grid" onClick=${() => this.act(() => post('/api/playground', {action: 'stop'}))}>
        ${t('choose.pause')}</button></p>
        ${live?.preview && html`<p><img class="preview" alt=${t('choose.preview')}
          src="/api/playground/preview?at=${live.done}-${live.preview}" /></p>`}`}
      <div class="scroll" tabindex="0" role="region" aria-label=${t('play.grid')}><table class="seeds"><thead><tr>
        ${grid.axis && html`<th scope="col">${t(`play.axis.${grid.axis}`)}</th>`}
        ${column.map(i => html`<th scope="col">${t('play.seedOf', {n: grid.seed + i})}</th>`)}</tr></thead>
        <tbody>${grid.rows.map((row, y) => html`<tr>${grid.axis && html`<th scope="row" translate=${false}>${row}</th>`}${column.map(x => {
          const image = y * grid.count + x + 1;
          return html`<td>${image <= grid.done && html`<img loading="lazy" src="/api/playground/images/${image}?of=${this.stamp(grid)}"
            alt=${t('play.alt', {n: grid.seed + x, row: row || '–'})} />`}</td>`;
        })}</tr>`)}</tbody></table></div>
      ${/** @type {const} */ (['command', 'java']).map(kind => html`<details key=${kind} id=${kind}><summary>${t(`play.${kind}`)}</summary>
        <pre tabindex="0">${grid[kind]}</pre>
        <p class="row"><button id="copy-${kind}" onClick=${(/** @type {Event & {target: HTMLElement}} */ event) => this.copy(kind, event.target)}>${t('play.copy')}</button>
          <span role="status">${this.state.copied === kind && t('play.copied')}</span></p></details>`)}
    </section>`;
  }

  /**
   * Copies a text. Browsers without a clipboard for this address select it, so that the keys of the system copy it.
   * @param {'command' | 'java'} kind
   * @param {HTMLElement} button
   */
  async copy(kind, button) {
    try {
      await navigator.clipboard.writeText(this.state.data?.grid?.[kind] ?? '');
      this.setState({copied: kind});
    } catch {
      const text = button.closest('details')?.querySelector('pre');
      if (text) {
        getSelection()?.selectAllChildren(text);
      }
    }
  }

  /**
   * Tells images of two grids apart, which have the same addresses.
   * @param {Grid} grid
   */
  stamp(grid) {
    return encodeURIComponent(grid.command).length + grid.command.split('').reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 1e9, 7);
  }
}
