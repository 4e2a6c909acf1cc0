// The page of the studio: header, steps, and the page of the address.
import {render} from './vendor/preact.module.js';
import {html, Component} from './parts.js';
import {get, remove, listen, connect, person as path} from './api.js';
import {t, chooseLanguage, languageOf} from './words.js';
import {Start, ConsentStep, nameOf} from './start.js';
import {Photos, enqueue} from './photos.js';
import {Train} from './train.js';
import {Shoot} from './shoot.js';
import {Choose} from './choose.js';
import {Export} from './export.js';

const STEPS = {photos: Photos, train: Train, shoot: Shoot, choose: Choose, export: Export};

class App extends Component {
  constructor() {
    super();
    this.state = {route: this.route(), studio: null, who: null, files: null, errors: [], lost: false, shown: {}};
  }

  route() {
    const [, person, step, shoot] = location.hash.split('/');
    return /^[0-9a-f]{32}$/.test(person ?? '')
      ? {person, step: STEPS[step] ? step : 'photos', shoot}
      : {person: null, step: null};
  }

  componentDidMount() {
    addEventListener('hashchange', () => {
      this.setState({route: this.route(), receipt: null}, () => {
        document.querySelector('h1')?.setAttribute('tabindex', '-1');
        document.querySelector('h1')?.focus();
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

  async loadStudio() {
    try {
      this.setState({studio: await get('/api/studio')});
    } catch (refusal) {
      this.fail(refusal);
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
      if (refusal.status === 404) {
        location.hash = '#/';
      } else {
        this.fail(refusal);
      }
    }
  }

  fail(refusal) {
    if (refusal.status === 401) {
      location.reload();
      return;
    }
    const message = refusal.status ? refusal.message : t('base.lost');
    if (!this.state.errors.includes(message)) {
      this.setState({errors: [...this.state.errors, message]});
    }
  }

  async erase(id) {
    try {
      // From now on nobody is asked about: the page shows the receipt, not that the person is gone.
      this.erased = id;
      const receipt = await remove(path(id));
      this.setState({receipt: new Blob([JSON.stringify(receipt, null, 2)], {type: 'application/json'}), erasing: false});
    } catch (refusal) {
      this.erased = null;
      this.fail(refusal);
    }
  }

  render(props, {route, studio, who, files, errors, lost, shown, receipt, erasing}) {
    const base = studio?.base;
    const fail = refusal => this.fail(refusal);
    return html`
      <a class="skip" href="#content" onClick=${event => {
        event.preventDefault();
        const content = document.getElementById('content');
        content?.setAttribute('tabindex', '-1');
        content?.focus();
      }}>${t('app.skip')}</a>
      <header>
        <a class="brand" href="#/"><img src="/page/icon.svg" alt="" width="28" height="28" /> ${t('app.title')}</a>
        <span class="note base">${base && t(`base.${base.state}`, base)}</span>
        <label class="language"><span class="hidden">${t('app.language')}</span>
          <select id="language" onChange=${event => {
            localStorage.setItem('language', event.target.value);
            chooseLanguage(event.target.value);
            this.setState({});
          }}>${Object.entries({en: 'English', de: 'Deutsch'}).map(([key, name]) => html`<option value=${key}
            selected=${languageOf() === key}>${name}</option>`)}</select></label>
      </header>
      ${lost && html`<p class="warning bar" role="alert">${t('base.lost')}</p>`}
      ${errors.map(message => html`<p class="warning bar" role="alert">${message}
        <button onClick=${() => this.setState({errors: errors.filter(one => one !== message)})}>${t('error.dismiss')}</button>
        </p>`)}
      ${receipt
        ? this.receipt(receipt)
        : route.person
          ? this.person(route, who, shown, erasing, fail)
          : files
            ? html`<${ConsentStep} files=${files} studio=${studio} onError=${fail}
                onCancel=${() => this.setState({files: null})}
                onPerson=${id => {
                  enqueue(id, files);
                  this.setState({files: null});
                  location.hash = `#/${id}/photos`;
                }} />`
            : html`<${Start} onError=${fail} onFiles=${chosen => this.setState({files: chosen})} />`}`;
  }

  receipt(receipt) {
    return html`<main id="content" class="narrow"><h1>${t('person.erased')}</h1>
      <p class="row"><a class="button primary" href=${URL.createObjectURL(receipt)} download="erasure-receipt.json">
        ${t('person.receipt')}</a>
      <a class="button" href="#/" onClick=${() => this.setState({receipt: null})}>${t('app.home')}</a></p></main>`;
  }

  person(route, who, shown, erasing, fail) {
    const Step = STEPS[route.step];
    const id = route.person;
    return html`
      <nav aria-label=${t('step.nav')}><ol class="steps">${Object.keys(STEPS).map((step, index) => html`<li>
        <a href="#/${id}/${step}" aria-current=${step === route.step ? 'step' : undefined}>
          <span class="count" aria-hidden="true">${index + 1}</span> ${t(`step.${step}`)}</a></li>`)}</ol></nav>
      <${Step} key=${`${id}-${route.step}`} person=${id} shoot=${route.shoot} shown=${shown[id]} onError=${fail}
        onShown=${photo => this.setState({shown: {...shown, [id]: photo}})} />
      ${who && html`<footer><p><b>${nameOf(who)}</b></p>
        <details><summary>${t('person.erase')} …</summary>
          <p class="note">${t('person.consent', {text: who.consent})}</p>
          ${erasing
            ? html`<div role="alertdialog" aria-label=${t('person.erase')}>
                <p>${t('person.eraseQuestion', {name: nameOf(who)})}</p>
                <p class="row"><button class="danger" id="erase-now" onClick=${() => this.erase(id)}>
                  ${t('person.eraseYes')}</button>
                <button onClick=${() => this.setState({erasing: false})}>${t('person.keep')}</button></p></div>`
            : html`<p><button class="danger" id="erase" onClick=${() => this.setState({erasing: true})}>
                ${t('person.erase')}</button></p>`}
        </details></footer>`}`;
  }
}

chooseLanguage(localStorage.getItem('language') ?? navigator.language.slice(0, 2));
const root = document.getElementById('app');
root.replaceChildren();
render(html`<${App} />`, root);
