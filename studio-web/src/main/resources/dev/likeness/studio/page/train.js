// The training of a person: what it costs, and how it goes.
import {html, Live, Progress, Chart, onTick} from './parts.js';
import {get, post, person as path} from './api.js';
import {t, said, messageOf, number, bytes, duration} from './words.js';

/** @typedef {{method: string | null, previews: boolean, data?: TrainingAnswer | null}} State */

/** @param {TrainingMethod} one */
function keyOf(one) {
  return one.method === 'lora' ? one.preset : one.adapter ?? one.method;
}

/** @param {TrainingMethod} one */
function titleOf(one) {
  return one.method === 'lora'
    ? t(`train.lora.${one.preset || 'balanced'}`)
    : one.method === 'adapter' ? t('train.adapter', {title: one.title || one.adapter}) : t('train.references');
}

/**
 * Says what a method costs, or what it lacks.
 * @param {{one: TrainingMethod}} props
 */
function Cost({one}) {
  if (one.method === 'references') {
    return html`<span class="note">${t('train.noCost')}</span>`;
  }
  const isAdapter = one.method === 'adapter';
  const sentences = [];
  if (isAdapter) {
    sentences.push(html`<span translate=${false}>${one.adapter}</span>`);
    sentences.push(one.licence && one.commercial
      ? `${t('models.licence')}: ${one.licence}, ${t(`models.commercial.${one.commercial}`)}`
      : t('train.adapterLicence'));
  }
  if (one.refusal) {
    sentences.push(messageOf(one.refusal));
  } else if (one.missing?.length) {
    sentences.push(t('train.adapterNeeds', {options: one.missing.map(part => `--${part}`).join(', ')}));
  } else {
    const memory = bytes(one.memory_bytes ?? 0);
    const time = one.expected_seconds === undefined
      ? t(one.measuring || !isAdapter ? 'train.unmeasured' : 'train.measureFirst')
      : t('train.time', {time: duration(one.expected_seconds)});
    sentences.push(`${isAdapter
      ? t('train.adapterCost', {memory})
      : t('train.cost', {steps: number(one.steps ?? 0), memory})}; ${time}`);
    if (one.weaker) {
      sentences.push(t('train.adapterWeaker'));
    }
  }
  return html`<span class="note">${sentences.map((line, at) => html`${at > 0 && html`<br />`}${line}`)}</span>`;
}

/** Phases of a training and their words. */
const PHASES = /** @type {const} */ ({
  describe: 'train.phase.describe', train: 'train.phase.train', encode: 'train.phase.encode', choose: 'train.phase.choose',
});

/** @param {string} phase */
function phaseOf(phase) {
  return Object.hasOwn(PHASES, phase) ? t(PHASES[/** @type {keyof typeof PHASES} */ (phase)]) : said(phase);
}

/** @extends {Live<TrainingAnswer, State>} */
export class Train extends Live {
  constructor() {
    super();
    /** @type {State} */
    this.state = {method: null, previews: false};
  }

  /** @param {StudioEvent} event */
  concerns(event) {
    return event.person === this.props.person && (event.type === 'training' || event.type === 'photos')
      || event.type === 'base' || event.type === 'people';
  }

  load() {
    return get(`${path(this.props.person)}/training`);
  }

  /** @param {string} action */
  control(action) {
    return this.act(() => post(`${path(this.props.person)}/training`, {action}));
  }

  /**
   * Chooses a method. How long an adapter takes is measured once it is chosen.
   * @param {TrainingMethod} one
   */
  choose(one) {
    this.setState({method: keyOf(one)});
    if (one.method === 'adapter' && one.expected_seconds === undefined && !one.measuring) {
      this.act(() => post(`${path(this.props.person)}/training`, {action: 'measure', adapter: one.adapter}));
    }
  }

  /** @param {TrainingMethod} chosen */
  start(chosen) {
    return this.act(() => post(`${path(this.props.person)}/training`, {
      action: 'start',
      method: chosen.method,
      preset: chosen.preset,
      adapter: chosen.adapter ?? '',
      previews: this.state.previews,
      photo: this.props.shown ?? '',
    }));
  }

  /**
   * @param {Readonly<PageProps>} props
   * @param {Readonly<State>} state
   */
  render({person}, {data, method, previews}) {
    if (!data) {
      return html`<main id="content"><h1>${t('train.heading')}</h1></main>`;
    }
    const usual = data.methods.find(one => one.preset === 'balanced')
      ?? data.methods.find(one => one.usable !== false) ?? data.methods[0];
    const chosen = data.methods.find(one => keyOf(one) === method) ?? usual;
    const isBusy = data.state === 'queued' || data.state === 'running';
    const canResume = data.state === 'paused' || data.state === 'failed';
    return html`<main id="content">
      <h1>${t('train.heading')}</h1>
      <p class="lead">${t('train.lead')}</p>
      <div role="status" aria-live="polite">${this.status(data)}</div>
      ${isBusy && this.progress(data)}
      <p class="row">
        ${isBusy && html`<button id="pause" onClick=${() => this.control('pause')}>${t('train.pause')}</button>`}
        ${canResume && html`<button class="primary" id="resume"
          onClick=${() => this.control('resume')}>${t('train.resume')}</button>`}
      </p>
      ${data.trained && !isBusy
        && html`<p class="next"><a class="button primary" id="next" href="#/${person}/shoot">${t('train.next')}</a></p>`}
      ${!isBusy && data.methods.length === 0 && html`<p class="warning">${t('train.noMethod')}</p>`}
      ${!isBusy && data.photos === 0 && !data.trained && html`<p class="warning">${t('train.noPhotos')}${' '}
        <a href="#/${person}/photos">${t('step.photos')}</a></p>`}
      ${!isBusy && data.photos > 0 && chosen && html`<fieldset class="methods"><legend>${t('train.method')}</legend>
          ${data.methods.map(one => html`<label class="choice card">
            <input type="radio" name="method" id="method-${keyOf(one)}" checked=${one === chosen}
              disabled=${one.usable === false} onChange=${() => this.choose(one)} />
            <span><b>${titleOf(one)}</b><br /><${Cost} one=${one} /></span></label>`)}
        </fieldset>
        ${data.previews && chosen.method === 'lora' && html`<label class="choice"><input type="checkbox" checked=${previews}
          onChange=${onTick(isTicked => this.setState({previews: isTicked}))} />
          <span>${t('train.previews')}</span></label>`}
        <p class="next"><button class=${data.trained ? '' : 'primary'} id="start-training"
          onClick=${() => this.start(chosen)}>${t(chosen.method === 'lora'
            ? data.trained ? 'train.again' : 'train.start'
            : 'train.show')}</button></p>`}
    </main>`;
  }

  /** @param {TrainingAnswer} data */
  status(data) {
    if (data.state === 'failed') {
      return html`<p class="warning">${t('train.failed', {message: messageOf(data.message)})}</p>`;
    }
    if (data.state === 'none') {
      return data.trained && html`<p class="verdict">${t('train.done')}</p>`;
    }
    return html`<p>${t(`train.${data.state}`)}</p>`;
  }

  /** @param {TrainingAnswer} data */
  progress(data) {
    const {progress, losses = [], likeness = [], notices = []} = data;
    if (!progress?.phase) {
      return html`<${Progress} label=${t('train.running')} />`;
    }
    const words = t('train.progress', {
      phase: phaseOf(progress.phase), step: number(progress.step), steps: number(progress.steps)});
    return html`<section class="card">
      <p>${words}${progress.seconds_left ? ` · ${t('train.secondsLeft', {time: duration(progress.seconds_left)})}` : ''}</p>
      <${Progress} value=${progress.step} max=${progress.steps} label=${words} />
      ${losses.length > 1 && html`<h2>${t('train.loss')}</h2>
        <${Chart} points=${losses} x="step" y="loss" label=${t('train.lossAlt', {
          first: losses[0].step,
          last: losses[losses.length - 1].step,
          value: number(Math.round(losses[losses.length - 1].loss * 1000) / 1000),
        })} />`}
      ${likeness.length > 0 && html`<h2>${t('train.likeness')}</h2>
        <p>${likeness.map(point => `${number(point.step)}: ${number(Math.round(point.score * 100) / 100)}`).join(' · ')}</p>`}
      ${data.preview && html`<h2>${t('train.preview')}</h2>
        <img class="preview" alt=${t('train.preview')}
          src="${path(this.props.person)}/training/preview?step=${likeness.length}" />`}
      ${notices.length > 0 && html`<details><summary>${t('train.notices')}</summary><ul>
        ${notices.map(line => html`<li>${said(line)}</li>`)}</ul></details>`}
    </section>`;
  }
}
