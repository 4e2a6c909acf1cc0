// The first page: people, and photos of a new person with the step of consent.
import {html, Live, Component, DropZone, onText} from './parts.js';
import {get, post} from './api.js';
import {t, messageOf} from './words.js';

/** @param {Pick<Person, 'sample' | 'name'>} person */
export function nameOf(person) {
  return person.sample ? t('start.sample') : person.name || t('start.unnamed');
}

/** @extends {Live<Person[]>} */
export class Start extends Live {
  /** @param {StudioEvent} event */
  concerns(event) {
    return event.type === 'people';
  }

  async load() {
    return (await get('/api/people')).people;
  }

  /**
   * @param {Readonly<PageProps & {onFiles(files: File[]): void}>} props
   * @param {{data?: Person[] | null}} state
   */
  render({onFiles, studio}, {data}) {
    return html`<main id="content" class="start">
      <h1>${t('start.heading')}</h1>
      <p class="lead">${t('start.lead')}</p>
      ${studio?.base.photographs === false && html`<p class="warning">${t('start.rendered')}${' '}
        <a href="#/models">${t('start.bases')}</a></p>`}
      <${DropZone} label=${t('start.drop')} or=${t('start.or')} choose=${t('start.choose')} camera=${t('start.camera')}
        onFiles=${onFiles} />
      <h2>${t('start.people')}</h2>
      ${data && data.length === 0 && html`<p class="note">${t('start.nobody')}</p>`}
      <ul class="people">${(data ?? []).map(person => html`<li key=${person.id}>
        ${person.locked
          ? html`<div class="card"><b>${t('start.locked')}</b><p class="note">${messageOf(person.message)}</p></div>`
          : html`<a class="card" href="#/${person.id}/${person.trained ? 'shoot' : 'photos'}"
              aria-label=${t('start.open', {name: nameOf(person)})}>
              <b>${nameOf(person)}</b>
              <span class="note">${t('start.photos', {n: person.photos})} · ${t('start.images', {n: person.images})}
                ${person.trained ? ` · ${t('start.trained')}` : ''}</span></a>`}
      </li>`)}</ul>
    </main>`;
  }
}

/** @typedef {{kind: 'real' | 'sample', name: string, giver: string, isSending: boolean}} Given */

/**
 * Asks for consent before the first photo is sent.
 * @extends {Component<{files: File[], studio: StudioAnswer | null, onError(refusal: Failure): void, onCancel(): void,
 *   onPerson(id: string): void}, Given>}
 */
export class ConsentStep extends Component {
  constructor() {
    super();
    /** @type {Given} */
    this.state = {kind: 'real', name: '', giver: '', isSending: false};
  }

  /** @param {Event} event */
  async agree(event) {
    event.preventDefault();
    const {kind, name, giver} = this.state;
    this.setState({isSending: true});
    try {
      const isSample = kind === 'sample';
      const person = await post(
        '/api/people', isSample ? {agreed: true, sample: true} : {agreed: true, name, giver});
      this.props.onPerson(person.id);
    } catch (refusal) {
      this.setState({isSending: false});
      this.props.onError(/** @type {Failure} */ (refusal));
    }
  }

  /**
   * @param {ConsentStep['props']} props
   * @param {Readonly<Given>} state
   */
  render({files, studio, onCancel}, {kind, name, giver, isSending}) {
    const isSample = kind === 'sample';
    const kept = studio?.retention;
    /** @param {'kind' | 'name' | 'giver'} key */
    const set = key => onText(value => this.setState(/** @type {Partial<Given>} */ ({[key]: value})));
    return html`<main id="content" class="narrow">
      <h1>${t('consent.heading')}</h1>
      <p>${t('consent.lead', {n: files.length})}</p>
      <form onSubmit=${(/** @type {Event} */ event) => this.agree(event)}>
        ${studio?.samples && html`<fieldset><legend>${t('consent.who')}</legend>
          ${/** @type {const} */ (['real', 'sample']).map(one => html`<label class="choice">
            <input type="radio" name="kind" value=${one} checked=${kind === one} id="kind-${one}" onChange=${set('kind')} />
            <span>${t(`consent.${one}`)}</span></label>`)}
        </fieldset>`}
        ${!isSample && html`<p><label>${t('consent.name')}
            <input type="text" required maxlength="100" value=${name} onInput=${set('name')} id="name"
              autocomplete="off" /></label></p>
          <p><label>${t('consent.giver')}
            <input type="text" maxlength="100" value=${giver} onInput=${set('giver')} autocomplete="off" /></label></p>`}
        ${kept && html`<section class="card" aria-labelledby="kept"><h2 id="kept">${t('consent.kept')}</h2><ul>
          <li>${t(kept.photos.days_after_training ? 'consent.photosLonger' : 'consent.photos',
            {days: kept.photos.days_after_use, after: kept.photos.days_after_training})}</li>
          <li>${t('consent.model', {days: kept.person.days_after_use})}</li>
          <li>${t('consent.headshots', {days: kept.images.days_after_use})}</li>
          <li>${t('consent.where')}</li>
          <li>${t('consent.erase')}</li>
          <li>${t('consent.fake')}</li></ul></section>`}
        ${!isSample && html`<p class="note">${t('consent.note')}</p>`}
        <p class="row"><button class="primary" id="agree" disabled=${isSending}>
            ${t(isSample ? 'consent.agreeSample' : 'consent.agree')}</button>
          <button type="button" onClick=${onCancel}>${t('consent.back')}</button></p>
      </form>
    </main>`;
  }
}
