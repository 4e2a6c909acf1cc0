// What headshots to generate.
import {html, Live, whole, onText, onFiles} from './parts.js';
import {get, post, send, person as path} from './api.js';
import {t, said, number, moment} from './words.js';

const MOST = 200;
/** Thumbnails in a row and in a column of styles.jpg. */
const SHEET = {across: 6, down: 5};

/**
 * @typedef {{name: string, keypoints: Record<string, number>}} PosePhoto the pose of the head in a photo
 * @typedef {{styles: Style[], trained: boolean, identities: Identity[], shoots: ShootPlan[]}} Data
 * @typedef {{identity: string | null, styles: string[] | null, count: number | string, outfit: string, backdrop: string,
 *   strength: number, steps: number | string, pose: string, photo: PosePhoto | null, data?: Data | null}} State
 */

/** @param {{place: number}} props */
function Thumbnail({place}) {
  const x = (place % SHEET.across) / (SHEET.across - 1);
  const y = Math.floor(place / SHEET.across) / (SHEET.down - 1);
  return html`<span class="thumbnail" aria-hidden="true" style=${{backgroundPosition: `${100 * x}% ${100 * y}%`}}></span>`;
}

/** Poses of the head and their words. */
const POSES = /** @type {const} */ ({
  '': 'shoot.pose.usual', 'front': 'shoot.pose.front', 'left': 'shoot.pose.left', 'right': 'shoot.pose.right',
  'slightly-left': 'shoot.pose.slightlyLeft', 'slightly-right': 'shoot.pose.slightlyRight', 'up': 'shoot.pose.up',
  'down': 'shoot.pose.down', 'up-left': 'shoot.pose.upLeft', 'up-right': 'shoot.pose.upRight',
  'tilted-left': 'shoot.pose.tiltedLeft', 'tilted-right': 'shoot.pose.tiltedRight',
});

/** @param {string} pose */
function poseName(pose) {
  return Object.hasOwn(POSES, pose) ? t(POSES[/** @type {keyof typeof POSES} */ (pose)]) : pose;
}

/** @extends {Live<Data, State>} */
export class Shoot extends Live {
  constructor() {
    super();
    /** @type {State} */
    this.state = {identity: null, styles: null, count: 2, outfit: '', backdrop: '', strength: 100, steps: 20, pose: '', photo: null};
  }

  /** @param {StudioEvent} event */
  concerns(event) {
    return event.person === this.props.person && event.type === 'shoot' && event.step === 0
      || event.type === 'base' || event.type === 'people';
  }

  async load() {
    const id = this.props.person;
    const [styles, who, shoots] = await Promise.all([
      get('/api/styles'), get(path(id)), get(`${path(id)}/shoots`)]);
    return {styles: styles.styles, trained: who.trained, identities: who.identities, shoots: shoots.shoots};
  }

  /**
   * Returns what shows the person: the choice of the user, or what was made last.
   * @param {Data} data
   * @returns {string}
   */
  identity(data) {
    const known = data.identities.find(one => one.identity === this.state.identity);
    return (known ?? data.identities[0])?.identity ?? '';
  }

  /**
   * Returns the poses of the head that the chosen method can set.
   * @param {Data} data
   */
  poses(data) {
    return data.identities.find(one => one.identity === this.identity(data))?.poses ?? [];
  }

  /**
   * Takes the pose of the head from a photo, which is not kept.
   * @param {File[]} files
   */
  readPose([file]) {
    return this.act(async () => {
      const {keypoints} = await send('/api/poses', file);
      this.setState({pose: 'photo', photo: {name: file.name, keypoints}});
    });
  }

  /** @param {Data} data */
  chosen(data) {
    return this.state.styles ?? data.styles.filter(style => style.default).map(style => style.name);
  }

  /**
   * @param {Data} data
   * @param {string} name
   */
  toggle(data, name) {
    const now = this.chosen(data);
    this.setState({styles: now.includes(name) ? now.filter(one => one !== name) : [...now, name]});
  }

  /** @param {Data} data */
  generate(data) {
    const {outfit, backdrop, strength, pose, photo} = this.state;
    const [count, steps] = [whole(this.state.count, 1), whole(this.state.steps, 1)];
    const posed = this.poses(data).length > 0;
    return this.act(async () => {
      const shoot = await post(`${path(this.props.person)}/shoots`, {
        identity: this.identity(data), styles: this.chosen(data), count, outfit, backdrop, strength: strength / 100, steps,
        ...(posed && pose === 'photo' && photo ? {keypoints: photo.keypoints} : {}),
        ...(posed && pose !== 'photo' && pose ? {pose} : {}),
      });
      location.hash = `#/${this.props.person}/choose/${shoot.id}`;
    });
  }

  /**
   * @param {Readonly<PageProps>} props
   * @param {Readonly<State>} state
   */
  render({person}, {data, count, outfit, backdrop, strength, steps, pose, photo}) {
    if (!data) {
      return html`<main id="content"><h1>${t('shoot.heading')}</h1></main>`;
    }
    const chosen = this.chosen(data);
    const total = chosen.length * whole(count, 1);
    const poses = this.poses(data);
    const offered = data.styles.filter(style => chosen.includes(style.name));
    /** @param {'outfits' | 'backdrops'} part */
    const words = part => [...new Set(offered.flatMap(style => style[part]))].sort();
    /** @param {'count' | 'outfit' | 'backdrop' | 'steps'} key */
    const set = key => onText(value => this.setState({[key]: value}));
    return html`<main id="content">
      <h1>${t('shoot.heading')}</h1>
      ${!data.trained && html`<p class="warning">${t('shoot.notTrained')} <a href="#/${person}/train">${t('step.train')}</a></p>`}
      <form onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        this.generate(data);
      }}>
        <fieldset><legend>${t('shoot.styles')}</legend><div class="styles">
          ${data.styles.map(style => html`<label class="choice card" key=${style.name}>
            <input type="checkbox" checked=${chosen.includes(style.name)} onChange=${() => this.toggle(data, style.name)} />
            <${Thumbnail} place=${style.thumbnail} />
            <span><b>${said(style.title)}</b><br />
              <span class="note">${said(style.outfits[0])}, ${said(style.backdrops[0])}</span></span></label>`)}
        </div><p class="note">${t('shoot.thumbnails')}</p></fieldset>
        ${data.identities.length > 1 && html`<fieldset><legend>${t('shoot.identity')}</legend>
          ${data.identities.map(one => html`<label class="choice">
            <input type="radio" name="identity" id="identity-${one.identity}" checked=${one.identity === this.identity(data)}
              onChange=${() => this.setState({identity: one.identity})} />
            <span>${t(`shoot.identity.${one.identity === 'lora+references' ? 'lora-and-references' : one.identity}`, {title: one.title ?? ''})}</span></label>`)}</fieldset>`}
        ${poses.length > 0 && html`<p><label>${t('shoot.pose')} <select id="pose"
            onChange=${onText(chosenPose => this.setState({pose: chosenPose}))}>
            ${['', ...poses, ...(photo ? ['photo'] : [])].map(one => html`<option value=${one} selected=${one === pose}>
              ${one === 'photo' ? t('shoot.pose.as', {name: photo?.name}) : poseName(one)}</option>`)}</select></label></p>
          <p class="row"><label class="button">${t('shoot.pose.choose')}<input class="hidden-input" type="file" id="pose-photo"
            accept="image/*,.heic,.heif" onChange=${onFiles(files => this.readPose(files))} /></label>
            <span class="note">${t('shoot.pose.note')}</span></p>`}
        <p><label>${t('shoot.count')} <input type="number" id="count" min="1" max="50" value=${count} onInput=${set('count')} />
          </label></p>
        <details><summary>${t('shoot.more')}</summary>
          ${/** @type {const} */ (['outfit', 'backdrop']).map(part => html`<p><label>${t(`shoot.${part}`)}
            <input type="text" maxlength="200" list="${part}-words" placeholder=${t('shoot.asStyle')}
              value=${part === 'outfit' ? outfit : backdrop} onInput=${set(part)} /></label>
            <datalist id="${part}-words">${words(part === 'outfit' ? 'outfits' : 'backdrops').map(text => html`<option value=${text} />`)}</datalist></p>`)}
          <p><label>${t('shoot.strength')}: ${strength} %
            <input type="range" min="0" max="100" value=${strength} onInput=${onText(value => this.setState({strength: Number(value)}))} /></label>
            <span class="note">${t('shoot.strengthNote')}</span></p>
          <p><label>${t('shoot.steps')} <input type="number" id="steps" min="1" max="150" value=${steps} onInput=${set('steps')} />
            </label></p>
        </details>
        <p class="next always"><button class="primary" id="generate" disabled=${!data.trained || total === 0 || total > MOST}>
          ${t('shoot.start')}</button> <span class="note" role="status">${t('shoot.total', {n: number(total)})}</span></p>
      </form>
      ${data.shoots.length > 0 && html`<h2>${t('shoot.earlier')}</h2><ul class="people">${data.shoots.map(shoot => html`<li>
        <a class="card" href="#/${person}/choose/${shoot.id}">${t('choose.shootOf', {
          date: moment(shoot.created), done: shoot.images.length, total: shoot.total})}</a></li>`)}</ul>`}
    </main>`;
  }
}
