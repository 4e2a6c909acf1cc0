// The people of the store: what is kept of each, how alike, until when, and its erasure.
import {html, Live, Component} from './parts.js';
import {get, post, remove, person as path} from './api.js';
import {t, said, messageOf, number, moment} from './words.js';
import {nameOf} from './start.js';

/** @extends {Live<Person[]>} */
export class People extends Live {
  /** @param {StudioEvent} event */
  concerns(event) {
    return ['people', 'checked', 'photos', 'base'].includes(event.type) || event.type === 'shoot' && event.step === 0;
  }

  async load() {
    return (await get('/api/people')).people;
  }

  /**
   * @param {Readonly<PageProps>} props
   * @param {{data?: Person[] | null}} state
   */
  render({onErased, onError}, {data}) {
    return html`<main id="content">
      <h1>${t('people.heading')}</h1>
      <p class="lead">${t('people.lead')}</p>
      ${data && data.length === 0 && html`<p class="note">${t('start.nobody')} <a href="#/">${t('people.add')}</a></p>`}
      <ul class="grid persons">${(data ?? []).map(person => html`<li key=${person.id} class="card" data-person=${person.id}>
        ${person.locked
          ? html`<h2>${t('start.locked')}</h2><p class="note">${messageOf(person.message)}</p>`
          : html`<h2><a href="#/${person.id}/${person.trained ? 'shoot' : 'photos'}">${nameOf(person)}</a></h2>
            <dl>
              <dt>${t('people.consent')}</dt><dd>${person.sample
                ? t('people.consentSample') : moment(person.consent_given)}</dd>
              <dt>${t('people.photos')}</dt><dd>${number(person.photos)}${this.until(person, 'photos')}</dd>
              <dt>${t('people.model')}</dt><dd>${t(person.trained ? 'people.trained' : 'people.untrained')}
                ${person.trained && this.until(person, 'person')}</dd>
              <dt>${t('people.headshots')}</dt><dd>${number(person.images)}${this.until(person, 'images')}</dd>
              <dt>${t('people.likeness')}</dt><dd>${this.likeness(person)}</dd>
            </dl>`}
        <${Erase} person=${person} onErased=${onErased} onError=${onError} /></li>`)}</ul>
    </main>`;
  }

  /**
   * @param {Person} person
   * @param {string} category
   */
  until(person, category) {
    const time = person.kept_until[category];
    return time && html` <span class="note">${t('people.until', {time: moment(time)})}</span>`;
  }

  /** @param {Person} person */
  likeness(person) {
    const {state, best, limit, within = 0, images = 0} = person.likeness;
    if (state !== 'measured') {
      return html`${t(`people.${state}`)} ${state === 'unmeasured' && person.trained
        && html`<button class="quiet" onClick=${() => this.act(() => post(`${path(person.id)}/likeness`, {}))}>
          ${t('people.measure', {name: nameOf(person)})}</button>`}`;
    }
    if (best === undefined) {
      return t('people.noFace');
    }
    return limit === undefined
      ? t('people.best', {best: number(best)})
      : t('people.within', {best: number(best), limit: number(limit), within: number(within), images: number(images)});
  }
}

/**
 * Erases a person after a question, and passes on the receipt.
 * @extends {Component<{person: Person, onErased(receipt: Blob): void, onError(refusal: Failure): void,
 *   onErasing?(id: string | null): void}, {asks?: boolean}>}
 */
export class Erase extends Component {
  /** @param {string} id */
  async erase(id) {
    this.props.onErasing?.(id);
    try {
      const receipt = await remove(path(id));
      this.props.onErased(new Blob([JSON.stringify(receipt, null, 2)], {type: 'application/json'}));
    } catch (refusal) {
      this.props.onErasing?.(null);
      this.props.onError(/** @type {Failure} */ (refusal));
    }
  }

  /**
   * @param {Erase['props']} props
   * @param {Erase['state']} before
   */
  componentDidUpdate(props, {asks}) {
    // The button that had the focus is gone.
    if (Boolean(asks) !== Boolean(this.state.asks)) {
      this.focus?.focus();
    }
  }

  /**
   * @param {Erase['props']} props
   * @param {Erase['state']} state
   */
  render({person}, {asks}) {
    /** @param {HTMLElement | null} element */
    const focus = element => (this.focus = element);
    const name = person.locked ? t('start.locked') : nameOf(person);
    return html`<details><summary>${t('person.erase')} …</summary>
      ${person.consent && html`<p class="note">${t('person.consent', {text: said(person.consent)})}</p>`}
      ${asks
        ? html`<div role="alertdialog" aria-label=${t('person.erase')}>
            <p>${t('person.eraseQuestion', {name})}</p>
            <p class="row"><button class="danger" id="erase-now-${person.id}" onClick=${() => this.erase(person.id)}>
              ${t('person.eraseYes')}</button>
            <button ref=${focus} onClick=${() => this.setState({asks: false})}>${t('person.keep')}</button></p></div>`
        : html`<p><button class="danger" id="erase-${person.id}" ref=${focus}
            onClick=${() => this.setState({asks: true})}>
            ${t('person.erase')}</button></p>`}
    </details>`;
  }
}
