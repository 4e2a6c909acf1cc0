// The page of the studio: header, steps, and the page of the address.
import {render} from './vendor/preact.module.js';
import {html, Component, onText} from './parts.js';
import {get, listen, connect, person as path} from './api.js';
import {t, messageOf, chooseLanguage, languageOf} from './words.js';
import {Start, ConsentStep, nameOf} from './start.js';
import {Models} from './models.js';
import {Playground} from './playground.js';
import {People, Erase} from './people.js';
import {Photos, enqueue} from './photos.js';
import {Train} from './train.js';
import {Shoot} from './shoot.js';
import {Choose} from './choose.js';
import {Edit} from './edit.js';
import {Export} from './export.js';

const STEPS = {photos: Photos, train: Train, shoot: Shoot, choose: Choose, edit: Edit, export: Export};
const PAGES = {people: People, models: Models, playground: Playground};

/**
 * Tells whether a part of an address names one of the pages.
 * @template {object} T
 * @param {T} pages
 * @param {string | undefined} name
 * @returns {name is Extract<keyof T, string>}
 */
function isOf(pages, name) {
  return name !== undefined && Object.hasOwn(pages, name);
}

/**
 * @template {object} T
 * @param {T} pages
 */
function namesOf(pages) {
  return /** @type {Extract<keyof T, string>[]} */ (Object.keys(pages));
}

/**
 * @typedef {keyof typeof STEPS} Step
 * @typedef {keyof typeof PAGES} PageName
 * @typedef {{person: string | null, step: Step | null, page?: PageName | null, shoot?: string}} Address
 * @typedef {{route: Address, studio: StudioAnswer | null, who: Person | null, files: File[] | null,
 *   errors: string[], lost: boolean, shown: Record<string, string>, receipt?: Blob | null}} State
 */

/** @extends {Component<{}, State>} */
class App extends Component {
  constructor() {
    super();
    /** @param {Blob} receipt */
    this.onErased = receipt => this.setState({receipt, who: null}, () => this.focusHeading());
    /** @type {State} */
    this.state = {route: this.route(), studio: null, who: null, files: null, errors: [], lost: false, shown: {}};
  }

  /** @returns {Address} */
  route() {
    const [, first, step, shoot] = location.hash.split('/');
    return /^[0-9a-f]{32}$/.test(first ?? '')
      ? {person: first, step: isOf(STEPS, step) ? step : 'photos', shoot}
      : {person: null, step: null, page: isOf(PAGES, first) ? first : null};
  }

  componentDidMount() {
    addEventListener('hashchange', () => {
      const {person, step, page} = this.state.route;
      const route = this.route();
      const isSamePage = person === route.person && step === route.step && page === route.page;
      this.setState({route, receipt: null}, () => {
        // Another image or shoot on the same page keeps the focus where it was chosen.
        if (!isSamePage) {
          this.focusHeading();
        }
      });
      this.loadPerson();
    });
    listen(event => {
      if (event.type === 'lost' || event.type === 'open') {
        this.setState({lost: event.type === 'lost'});
      }
      if (event.type === 'open' || event.type === 'base') {
        this.loadStudio();
      }
      if (event.type === 'people' || event.type === 'checked') {
        this.loadPerson();
      }
    });
    // A file that is dropped beside the zone must not replace the page.
    addEventListener('dragover', event => event.preventDefault());
    addEventListener('drop', event => event.preventDefault());
    this.loadStudio();
    this.loadPerson();
    connect();
  }

  focusHeading() {
    const heading = document.querySelector('h1');
    heading?.setAttribute('tabindex', '-1');
    heading?.focus();
  }

  async loadStudio() {
    try {
      this.setState({studio: await get('/api/studio')});
    } catch (refusal) {
      this.fail(/** @type {Failure} */ (refusal));
    }
  }

  async loadPerson() {
    const id = this.state.route.person;
    if (!id || id === this.erased) {
      this.setState({who: null});
      return;
    }
    try {
      this.setState({who: await get(path(id))});
    } catch (refusal) {
      const failure = /** @type {Failure} */ (refusal);
      if (failure.status === 404) {
        location.hash = '#/';
      } else {
        this.fail(failure);
      }
    }
  }

  /** @param {Failure} refusal */
  fail(refusal) {
    if (refusal.status === 401) {
      location.reload();
      return;
    }
    const message = refusal.status ? messageOf(refusal.message) : t('base.lost');
    if (!this.state.errors.includes(message)) {
      this.setState({errors: [...this.state.errors, message]});
    }
  }

  /**
   * @param {{}} props
   * @param {Readonly<State>} state
   */
  render(props, {route, studio, who, files, errors, lost, shown, receipt}) {
    const base = studio?.base;
    /** @param {Failure} refusal */
    const fail = refusal => this.fail(refusal);
    return html`
      <a class="skip" href="#content" onClick=${(/** @type {Event} */ event) => {
        event.preventDefault();
        const content = document.getElementById('content');
        content?.setAttribute('tabindex', '-1');
        content?.focus();
      }}>${t('app.skip')}</a>
      <header>
        <a class="brand" href="#/"><img src="/page/icon.svg" alt="" width="28" height="28" /> ${t('app.title')}</a>
        <nav class="pages" aria-label=${t('app.pages')}>${namesOf(PAGES).map(page => html`<a href="#/${page}" id=${`page-${page}`}
          aria-current=${route.page === page ? 'page' : undefined}>${t(`page.${page}`)}</a>`)}</nav>
        <span class="note base">${base && t(`base.${base.state}`, {...base, message: messageOf(base.message)})}</span>
        <label class="language" translate=${false}><span class="hidden">${t('app.language')}</span>
          <select id="language" onChange=${onText(chosen => {
            localStorage.setItem('language', chosen);
            chooseLanguage(chosen);
            this.setState({});
          })}>${Object.entries({en: 'English', de: 'Deutsch'}).map(([key, name]) => html`<option value=${key}
            selected=${languageOf() === key}>${name}</option>`)}</select></label>
      </header>
      ${lost && html`<p class="warning bar" role="alert">${t('base.lost')}</p>`}
      ${errors.map(message => html`<p class="warning bar" role="alert">${message}
        <button onClick=${() => this.setState({errors: errors.filter(one => one !== message)})}>${t('error.dismiss')}</button>
        </p>`)}
      ${receipt
        ? this.receipt(receipt)
        : route.person
          ? this.person(route, who, shown, fail)
          : route.page
            ? html`<${PAGES[route.page]} studio=${studio} onError=${fail} onErased=${this.onErased} />`
          : files
            ? html`<${ConsentStep} files=${files} studio=${studio} onError=${fail}
                onCancel=${() => this.setState({files: null})}
                onPerson=${(/** @type {string} */ id) => {
                  enqueue(id, files);
                  this.setState({files: null});
                  location.hash = `#/${id}/photos`;
                }} />`
            : html`<${Start} studio=${studio} onError=${fail} onFiles=${(/** @type {File[]} */ chosen) => this.setState({files: chosen})} />`}`;
  }

  /** @param {Blob} receipt */
  receipt(receipt) {
    return html`<main id="content" class="narrow"><h1>${t('person.erased')}</h1>
      <p>${t('person.receiptNote')}</p>
      <p class="row"><a class="button primary" href=${URL.createObjectURL(receipt)} download="erasure-receipt.json">
        ${t('person.receipt')}</a>
      <a class="button" href="#/" onClick=${() => this.setState({receipt: null})}>${t('app.home')}</a></p></main>`;
  }

  /**
   * @param {Address} route
   * @param {Person | null} who
   * @param {Record<string, string>} shown
   * @param {(refusal: Failure) => void} fail
   */
  person(route, who, shown, fail) {
    const Step = STEPS[route.step ?? 'photos'];
    const id = route.person ?? '';
    return html`
      <nav aria-label=${t('step.nav')}><ol class="steps">${namesOf(STEPS).map((step, index) => html`<li>
        <a href="#/${id}/${step}" aria-current=${step === route.step ? 'step' : undefined}>
          <span class="count" aria-hidden="true">${index + 1}</span> ${t(`step.${step}`)}</a></li>`)}</ol></nav>
      <${Step} key=${`${id}-${route.step}`} person=${id} shoot=${route.shoot} shown=${shown[id]} onError=${fail}
        onShown=${(/** @type {string} */ photo) => this.setState({shown: {...shown, [id]: photo}})} />
      ${who && html`<footer><p><b>${nameOf(who)}</b></p>
        <${Erase} key=${id} person=${who} onError=${fail} onErased=${this.onErased} onErasing=${(/** @type {string | null} */ one) => (this.erased = one)} />
        </footer>`}`;
  }
}

chooseLanguage(localStorage.getItem('language') ?? navigator.language.slice(0, 2));
const root = /** @type {HTMLElement} */ (document.getElementById('app'));
root.replaceChildren();
render(html`<${App} />`, root);
