// The photos of a person: a verdict on each, and advice for the set.
import {html, Live, DropZone, Progress} from './parts.js';
import {get, send, remove, baseOpened, person as path} from './api.js';
import {t, reasonOf, messageOf, said} from './words.js';

/**
 * @typedef {{files: File[], refused: {name: string, message: string}[], total: number, isRunning: boolean,
 *   live?: Photo[], current?: string | null}} Queue
 */

/**
 * The photos that wait to be sent, by person. They stay while the page is open.
 * @type {Map<string, Queue>}
 */
const queues = new Map();

/**
 * @param {string} person
 * @param {File[]} files
 */
export function enqueue(person, files) {
  /** @type {Queue} */
  const queue = queues.get(person) ?? {files: [], refused: [], total: 0, isRunning: false};
  queue.files.push(...files);
  queue.total += files.length;
  queues.set(person, queue);
}

/** @extends {Live<PhotosAnswer>} */
export class Photos extends Live {
  /** @param {StudioEvent} event */
  concerns(event) {
    return event.type === 'base'
      || event.type === 'photos' && event.person === this.props.person && !queues.get(this.props.person)?.isRunning;
  }

  load() {
    return get(`${path(this.props.person)}/photos`);
  }

  componentDidMount() {
    super.componentDidMount();
    this.sendAll();
  }

  /** @param {File[]} files */
  add(files) {
    enqueue(this.props.person, files);
    this.sendAll();
  }

  async sendAll() {
    const id = this.props.person;
    const queue = queues.get(id);
    if (!queue || queue.isRunning) {
      return;
    }
    queue.isRunning = true;
    queue.live = [];
    queue.current = queue.files[0]?.name;
    this.setState({});
    try {
      await baseOpened();
    } catch (refusal) {
      this.props.onError(/** @type {Failure} */ (refusal));
    }
    for (let file = queue.files.shift(); file; file = queue.files.shift()) {
      queue.current = file.name;
      this.setState({});
      try {
        queue.live.push(await send(`${path(id)}/photos?name=${encodeURIComponent(file.name)}`, file));
      } catch (refusal) {
        queue.refused.push({name: file.name, message: /** @type {Failure} */ (refusal).message});
      }
    }
    queue.isRunning = false;
    queue.current = null;
    queue.total = 0;
    this.reload();
  }

  async loadNow() {
    await super.loadNow();
    const queue = queues.get(this.props.person);
    if (queue && !queue.isRunning) {
      queue.live = [];
    }
  }

  /**
   * @param {Readonly<PageProps>} props
   * @param {{data?: PhotosAnswer | null}} state
   */
  render({person, shown, onShown}, {data}) {
    const queue = queues.get(person);
    const fresh = (queue?.live ?? []).filter(photo => !data?.photos.some(known => known.id === photo.id));
    const photos = [...(data?.photos ?? []), ...fresh];
    const left = queue?.isRunning ? queue.files.length + 1 : 0;
    return html`<main id="content">
      <h1>${t('photos.heading')}</h1>
      <div role="status" aria-live="polite">
        ${queue && left > 0 && html`<p>${t('photos.uploading', {name: queue.current})} ${t('photos.left', {n: left})}</p>
          <${Progress} value=${queue.total - left} max=${queue.total} label=${t('photos.left', {n: left})} />`}
        ${data && left === 0 && photos.length > 0
          && html`<p class="verdict">${t('photos.summary', {accepted: data.accepted, all: data.photos.length})}</p>`}
      </div>
      ${data?.unclear && html`<p class="warning">${t('photos.unclear')}</p>`}
      ${data && !data.compared && photos.length > 1 && html`<p class="note">${t('photos.notCompared')}</p>`}
      ${data && photos.length === 0 && left === 0 && html`<p class="note">${t('photos.none')}</p>`}
      ${queue && queue.refused.length > 0 && html`<ul class="refused">${queue.refused.map(one => html`<li>
        <b class="tag reject">${t('photos.refused')}</b> <b translate=${false}>${one.name}</b>: ${messageOf(one.message)}</li>`)}</ul>`}
      <ul class="grid photos">${photos.map(photo => html`<li key=${photo.id} class="card">
        <figure>
          <div class="photo">
            <img loading="lazy" src="${path(person)}/photos/${photo.id}" alt=${t('photos.alt', {name: photo.name})} />
            <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">${photo.faces.map(face => html`<rect
              x=${face.x} y=${face.y} width=${face.width} height=${face.height} />`)}</svg>
          </div>
          <figcaption>
            <p><b class="tag ${photo.verdict}">${t(`photos.${photo.verdict}`)}</b> <span class="name" translate=${false}>${photo.name}</span></p>
            ${photo.reasons.map(reason => html`<p class="reason">${reasonOf(reason)}</p>`)}
            <p class="row">
              ${data?.unclear && photo.verdict !== 'reject' && html`<label class="choice"><input type="radio" name="shown"
                checked=${shown === photo.id} onChange=${() => onShown(photo.id)} />
                <span>${t('photos.shows')}</span></label>`}
              <button class="quiet" aria-label=${t('photos.remove', {name: photo.name})}
                onClick=${() => this.act(() => remove(`${path(person)}/photos/${photo.id}`))}>${t('photos.removeOne')}</button>
            </p>
          </figcaption>
        </figure></li>`)}</ul>
      ${data && data.advice.length > 0 && left === 0 && html`<section class="card advice"><h2>${t('photos.advice')}</h2><ul>
        ${data.advice.map(line => html`<li>${said(line)}</li>`)}</ul></section>`}
      <${DropZone} label=${t('photos.more')} or=${t('start.or')} choose=${t('start.choose')} camera=${t('start.camera')}
        isSecondary=${photos.length > 0} onFiles=${(/** @type {File[]} */ files) => this.add(files)} />
      ${data && data.accepted > 0 && left === 0 && (!data.unclear || shown)
        && html`<p class="next always"><a class="button primary" id="next" href="#/${person}/train">${t('photos.next')}</a></p>`}
    </main>`;
  }
}
