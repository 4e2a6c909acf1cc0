// A headshot as a file, with what the file says about itself.
import {html, Live, onText} from './parts.js';
import {load, send, person as path} from './api.js';
import {t, said, moment} from './words.js';
import {imagesOf} from './edit.js';

const CROPS = {whole: '', square: 'square', avatar: 'avatar', ratio: '4:5', small: '512x512', banner: '1200x630'};
const EXTENSIONS = {png: 'png', jpeg: 'jpg', webp: 'webp'};

/**
 * @typedef {{images: import('./edit.js').Placed[], hasKept: boolean}} Data
 * @typedef {{url: string, name: string, says: CredentialsAnswer}} Made
 * @typedef {{image: number | null, crop: keyof typeof CROPS, format: keyof typeof EXTENSIONS, label: string,
 *   file: Made | null, data?: Data | null}} State
 */

/** @extends {Live<Data, State>} */
export class Export extends Live {
  constructor() {
    super();
    /** @type {State} */
    this.state = {image: null, crop: 'whole', format: 'png', label: '', file: null};
  }

  /** @param {StudioEvent} event */
  concerns(event) {
    return event.person === this.props.person && event.type === 'checked';
  }

  load() {
    return imagesOf(this.props.person);
  }

  componentWillUnmount() {
    super.componentWillUnmount();
    this.forget();
  }

  forget() {
    if (this.state.file) {
      URL.revokeObjectURL(this.state.file.url);
    }
  }

  /**
   * @param {Event} event
   * @param {ShootImage} image
   */
  make(event, image) {
    event.preventDefault();
    const {crop, format, label} = this.state;
    const query = new URLSearchParams({crop: CROPS[crop], format, label});
    this.forget();
    return this.act(async () => {
      const blob = await load(`${path(this.props.person)}/images/${image.number}/file?${query}`);
      const says = await send('/api/credentials', blob);
      const cut = crop === 'whole' ? '' : `-${crop}`;
      const name = `headshot-${String(image.number).padStart(3, '0')}${cut}.${EXTENSIONS[format]}`;
      this.setState({file: {url: URL.createObjectURL(blob), name, says}});
    });
  }

  /**
   * @param {Readonly<PageProps>} props
   * @param {Readonly<State>} state
   */
  render(props, {data, image, crop, format, label, file}) {
    if (!data || data.images.length === 0) {
      return html`<main id="content"><h1>${t('export.heading')}</h1>
        ${data && html`<p class="note">${t('export.none')} <a href="#/${props.person}/shoot">${t('step.shoot')}</a></p>`}</main>`;
    }
    const chosen = data.images.find(one => one.number === image) ?? data.images[0];
    /** @param {'crop' | 'format' | 'label'} key */
    const set = key => onText(value => {
      this.forget();
      this.setState({.../** @type {Partial<State>} */ ({[key]: value}), file: null});
    });
    return html`<main id="content">
      <h1>${t('export.heading')}</h1>
      ${!data.hasKept && html`<p class="note">${t('export.noneKept')}</p>`}
      <form onSubmit=${(/** @type {Event} */ event) => this.make(event, chosen)}>
        <fieldset><legend>${t('export.which')}</legend><div class="picks">
          ${data.images.map(one => html`<label class="pick" key=${one.number}>
            <input type="radio" name="image" checked=${one === chosen}
              onChange=${() => {
                this.forget();
                this.setState({image: one.number, file: null});
              }} />
            <img loading="lazy" src="${path(props.person)}/images/${one.number}?version=${one.edits}"
              alt=${t('choose.alt', {n: one.place, style: said(one.style)})} />
            <span class="note">${t('choose.image', {n: one.place})} · ${moment(one.date)}
              ${one.edits > 0 ? ` · ${t('edit.edited', {n: one.edits})}` : ''}</span></label>`)}
        </div></fieldset>
        <p><label>${t('export.crop')} <select value=${crop} onChange=${set('crop')}>
          ${/** @type {(keyof typeof CROPS)[]} */ (Object.keys(CROPS)).map(key => html`<option value=${key} selected=${key === crop}>${t(`export.${key}`)}</option>`)}
        </select></label></p>
        <p><label>${t('export.format')} <select value=${format} onChange=${set('format')}>
          ${Object.keys(EXTENSIONS).map(key => html`<option value=${key} selected=${key === format}>${key.toUpperCase()}</option>`)}
        </select></label></p>
        <p><label>${t('export.label')} <input type="text" maxlength="60" value=${label} onInput=${set('label')} /></label></p>
        <p class="next"><button class="primary" id="make">${t('export.make')}</button></p>
      </form>
      <div role="status" aria-live="polite">${file && this.result(file)}</div>
    </main>`;
  }

  /** @param {Made} file */
  result({url, name, says}) {
    /**
     * @param {boolean} holds
     * @param {'disclosed' | 'signed' | 'watermarked'} yes
     * @param {'notDisclosed' | 'unsigned' | 'notWatermarked'} no
     */
    const line = (holds, yes, no) => html`<li class=${holds ? 'good' : 'bad'}>${t(`export.${holds ? yes : no}`)}</li>`;
    return html`<section class="card file">
      <img class="preview" src=${url} alt=${t('export.preview')} />
      <div>
        <p><a class="button primary" id="download" href=${url} download=${name}>${t('export.download', {name})}</a></p>
        <h2>${t('export.credentials')}</h2>
        <ul>${line(says.disclosed, 'disclosed', 'notDisclosed')}
          ${says.altered ? html`<li class="bad">${t('export.altered')}</li>` : line(says.signed, 'signed', 'unsigned')}
          ${line(says.watermarked, 'watermarked', 'notWatermarked')}
          ${says.signed && html`<li>${says.development_key
            ? t('export.signer') : t('export.ownSigner', {name: says.signer})}</li>`}</ul>
      </div>
    </section>`;
  }
}
