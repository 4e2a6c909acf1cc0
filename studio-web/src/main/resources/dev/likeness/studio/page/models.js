// The models of the catalogue: what is here, what fits, what it may be used for, and getting one.
import {html, Live, Progress, onText, onTick} from './parts.js';
import {get, post} from './api.js';
import {t, said, messageOf, bytes, duration} from './words.js';

/** @typedef {{role: string, sells: boolean, data?: ModelsAnswer | null}} State */

/** @extends {Live<ModelsAnswer, State>} */
export class Models extends Live {
  constructor() {
    super();
    /** @type {State} */
    this.state = {role: 'base', sells: false};
  }

  /** @param {StudioEvent} event */
  concerns(event) {
    return event.type === 'model' || event.type === 'base';
  }

  load() {
    return get('/api/models');
  }

  /**
   * @param {CatalogueModel} model
   * @param {string} action
   */
  control(model, action) {
    return this.act(() => post(`/api/models/${model.name}`, {action}));
  }

  /**
   * @param {Readonly<PageProps>} props
   * @param {Readonly<State>} state
   */
  render({studio}, {data, role, sells}) {
    const models = data?.models ?? [];
    const roles = [...new Set(models.map(one => one.role))];
    const shown = models.filter(model => model.role === role && (!sells || model.commercial === 'yes'));
    const inUse = studio?.base.name;
    return html`<main id="content">
      <h1>${t('models.heading')}</h1>
      <p class="lead">${t('models.lead')}</p>
      ${inUse && html`<p>${t('models.inUse', {name: inUse})}</p>`}
      ${data?.memory_bytes && html`<p class="note">${t('models.memory', {memory: bytes(data.memory_bytes)})}</p>`}
      <p class="row"><label>${t('models.role')} <select id="role" onChange=${onText(chosen => this.setState({role: chosen}))}>
          ${roles.map(one => html`<option value=${one} selected=${one === role}>${t(`models.role.${one}`)}</option>`)}</select></label>
        <label class="choice"><input type="checkbox" checked=${sells}
          onChange=${onTick(isTicked => this.setState({sells: isTicked}))} /> <span>${t('models.sells')}</span></label></p>
      ${data && shown.length === 0 && html`<p class="note">${t('models.none')}</p>`}
      <ul class="grid models">${shown.map(model => html`<li key=${model.name} class="card" data-model=${model.name}>
        <h2><span translate=${false}>${model.name}</span> ${model.here && html`<span class="tag good">${t('models.here')}</span>`}</h2>
        <p>${said(model.purpose)}</p>
        <dl>
          ${model.family && html`<dt>${t('models.family')}</dt><dd translate=${false}>${model.family}</dd>`}
          <dt>${t('models.licence')}</dt><dd>${model.licence && model.commercial
            ? html`<span translate=${false}>${model.licence}</span>: ${t(`models.commercial.${model.commercial}`)}` : t('models.noLicence')}</dd>
          ${model.bytes && html`<dt>${t('models.bytes')}</dt><dd>${bytes(model.bytes)}${' '}
            ${model.fits !== undefined && html`<span class=${model.fits ? 'good' : 'bad'}>
              ${t(model.fits ? 'models.fits' : 'models.tooLarge')}</span>`}</dd>`}
        </dl>
        ${this.download(model, data?.can_get === true)}
        ${model.here && role === 'base' && html`<p class="note">${t('models.use')} <code>likeness studio --base ${model.name}</code></p>`}
        <details><summary>${t('models.sources')}</summary><ul translate=${false}>${model.sources.map(source => html`<li>
          ${source.page} (${source.read})</li>`)}</ul></details></li>`)}</ul>
    </main>`;
  }

  /**
   * @param {CatalogueModel} model
   * @param {boolean} canGet
   */
  download(model, canGet) {
    const live = model.download;
    if (live?.state === 'queued' || live?.state === 'running') {
      const left = live.seconds_left ? ` · ${t('train.secondsLeft', {time: duration(live.seconds_left)})}` : '';
      const words = t('models.loading', {done: live.step, all: live.steps || '–'});
      return html`<div role="status"><p>${words}${left}</p>
        <${Progress} value=${live.step} max=${live.steps} label=${words} /></div>
        <p><button id=${`stop-${model.name}`} onClick=${() => this.control(model, 'pause')}>
          ${t('models.pause')}</button></p>`;
    }
    if (model.here) {
      return null;
    }
    if (live?.state === 'paused') {
      return html`<div role="status"><p>${t('models.paused')}</p></div>
        <p><button class="primary" id=${`resume-${model.name}`} onClick=${() => this.control(model, 'get')}>
          ${t('models.resume', {name: model.name})}</button></p>`;
    }
    if (!canGet) {
      return html`<p class="note">${t('models.command')} <code>likeness models get ${model.name}</code></p>`;
    }
    return html`
      ${live?.state === 'failed' && html`<p class="warning">${messageOf(live.message)}</p>`}
      ${model.missing_bytes === undefined
        ? html`<p><button id=${`plan-${model.name}`} onClick=${() => this.control(model, 'plan')}>
            ${t('models.plan', {name: model.name})}</button></p>
          <p class="note">${t('models.planNote')}</p>`
        : html`<p>${t('models.ask', {bytes: bytes(model.missing_bytes), host: model.host})}${' '}
            ${model.stated_licence && t('models.stated', {licence: model.stated_licence})}</p>
          <p><button class="primary" id=${`get-${model.name}`} onClick=${() => this.control(model, 'get')}>
            ${t('models.get', {name: model.name})}</button></p>`}`;
  }
}
