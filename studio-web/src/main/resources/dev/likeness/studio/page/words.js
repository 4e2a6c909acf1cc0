// The English catalogue of messages. Every text of the page is here; words-de.js has the same keys.
import german from './words-de.js';
import {reasons, translate} from './library-de.js';

const english = {
  'app.title': 'Likeness studio',
  'app.skip': 'Skip to the content',
  'app.language': 'Language',
  'app.home': 'All people',
  'app.pages': 'Pages',
  'page.models': 'Models',
  'page.playground': 'Playground',
  'page.people': 'People',
  'base.opening': 'The base model is being opened …',
  'base.ready': 'Base model: {name}',
  'base.failed': 'The base model cannot be opened: {message}',
  'base.lost': 'The studio does not answer. Is it still running in the terminal?',
  'jobs.running': '{running} running, {waiting} waiting',
  'error.english': '{message}',
  'error.dismiss': 'Close',

  'start.heading': 'Headshots from selfies, on this machine',
  'start.lead': 'Drop 3 to 20 selfies of one person. Photos stay on this machine, encrypted; nothing is sent anywhere.',
  'start.drop': 'Drop photos here',
  'start.or': 'or',
  'start.choose': 'Choose photos',
  'start.camera': 'Take a photo',
  'start.people': 'People',
  'start.nobody': 'Nobody is in the store yet.',
  'start.locked': 'Cannot be opened',
  'start.photos': 'Photos: {n}',
  'start.images': 'Headshots: {n}',
  'start.trained': 'trained',
  'start.sample': 'Sample person',
  'start.unnamed': 'Unnamed person',
  'start.open': 'Open {name}',
  'start.rendered': 'This base model is for a first look: it generates rendered faces that never look like a real person. '
    + 'For your own headshots, start the studio with --base and a base for photographs.',
  'start.bases': 'See the base models',

  'people.heading': 'People',
  'people.lead': 'Everything the store keeps of each person, and until when. Each use begins the time again.',
  'people.add': 'Add a person',
  'people.consent': 'Consent given',
  'people.consentSample': 'not needed: the sample photos show nobody',
  'people.photos': 'Photos',
  'people.model': 'Model of the face',
  'people.trained': 'trained',
  'people.untrained': 'not trained',
  'people.headshots': 'Headshots',
  'people.likeness': 'Likeness',
  'people.until': 'kept until {time}',
  'people.none': 'no headshots yet',
  'people.unmeasured': 'not measured since the studio was started',
  'people.measuring': 'is being measured …',
  'people.unknown': 'cannot be measured with this base model',
  'people.noFace': 'no face was found in the headshots',
  'people.measure': 'Measure the likeness of {name}',
  'people.best': 'best {best}; this base model has no limit for it',
  'people.within': 'best {best}; {within} of {images} headshots reach {limit}',

  'models.heading': 'Models',
  'models.lead': 'Published models that Likeness knows. Nothing is downloaded until you ask for it, each time.',
  'models.inUse': 'This studio uses the base model {name}.',
  'models.memory': 'Memory of the device: {memory}. A model fits if its files are smaller; training needs more.',
  'models.role': 'What for',
  'models.role.base': 'Base models',
  'models.role.accelerator': 'Accelerators: fewer steps',
  'models.role.ip-adapter': 'IP-Adapters',
  'models.role.image-encoder': 'Image encoders of IP-Adapters',
  'models.role.controlnet': 'ControlNets',
  'models.role.tiny-autoencoder': 'Tiny autoencoders: previews',
  'models.role.upscaler': 'Upscalers: larger images',
  'models.role.detector': 'Face detectors',
  'models.role.face-embedder': 'Face embedders: likeness',
  'models.sells': 'Only those with commercial use without conditions',
  'models.none': 'No model of the catalogue fits this choice.',
  'models.here': 'on this machine',
  'models.family': 'Family',
  'models.licence': 'Licence',
  'models.noLicence': 'not known; read it at its source before you use it',
  'models.commercial.yes': 'commercial use allowed',
  'models.commercial.conditions': 'commercial use on conditions',
  'models.commercial.no': 'no commercial use',
  'models.bytes': 'Size',
  'models.fits': 'fits into memory',
  'models.tooLarge': 'larger than the memory: slow, in parts',
  'models.use': 'To use it, start the studio with',
  'models.command': 'To get it:',
  'models.plan': 'Ask for the size of {name}',
  'models.planNote': 'This asks the model hub for a list of files. No photo or name leaves this machine.',
  'models.ask': 'Download {bytes} from {host}?',
  'models.stated': 'The hub states the licence {licence}.',
  'models.get': 'Download {name}',
  'models.loading': '{done} of {all} MiB downloaded',
  'models.pause': 'Stop the download',
  'models.paused': 'The download was stopped. What has come is kept.',
  'models.resume': 'Continue the download of {name}',
  'models.sources': 'Where these facts are from',

  'play.heading': 'Playground',
  'play.lead': 'Grids of seeds and settings on the base model, without a person. Images are kept in memory only, until the next grid.',
  'play.waits': 'The playground needs the base model.',
  'play.prompt': 'Prompt',
  'play.negative': 'Negative prompt',
  'play.scheduler': 'Scheduler (a name of diffusers, k-diffusion, ComfyUI or the web UI)',
  'play.guidance': 'Guidance scale',
  'play.seed': 'First seed',
  'play.count': 'Seeds',
  'play.axis': 'Rows differ in',
  'play.axis.none': 'Nothing: one row',
  'play.axis.steps': 'Steps',
  'play.axis.guidance': 'Guidance scale',
  'play.axis.scheduler': 'Scheduler',
  'play.axis.lora': 'Weight of all LoRAs',
  'play.values': 'Values, separated by commas',
  'play.loras': 'Weights of LoRAs (empty: not used)',
  'play.noLoras': 'To try LoRAs, name their files at the start:',
  'play.references': 'Reference images: {n}',
  'play.addReferences': 'Add reference images',
  'play.forget': 'Remove them',
  'play.show': 'Show them to the base model',
  'play.sigmas': 'Sigma schedule',
  'play.sigmasAlt': '{scheduler}: sigma from {first} to {last} in {n} rows',
  'play.rows': 'As a table',
  'play.row': 'Row',
  'play.timestep': 'Timestep',
  'play.grid': 'Grid',
  'play.stopped': 'The grid was stopped. Finished images are kept.',
  'play.resume': 'Continue the grid',
  'play.seedOf': 'Seed {n}',
  'play.alt': 'Generated image, seed {n}, row {row}',
  'play.command': 'The same as a command line',
  'play.java': 'The same as a Java program',
  'play.copy': 'Copy',
  'play.copied': 'Copied.',

  'consent.heading': 'Consent first',
  'consent.lead': '{n} photos are ready. Nothing has been stored yet.',
  'consent.who': 'Whose photos are these?',
  'consent.real': 'Photos of a real person',
  'consent.sample': 'The rendered sample photos of Likeness (they show nobody)',
  'consent.name': 'Name of the person in the photos',
  'consent.giver': 'Who agrees, if not this person (for a child: a guardian)',
  'consent.kept': 'What is kept',
  'consent.photos': 'Photos: encrypted, until the training ends, or {days} days after their last use.',
  'consent.photosLonger': 'Photos: encrypted, for {after} days after the training, or {days} days after their last use.',
  'consent.model': 'A model of the face and measurements of it: encrypted, until {days} days after the last use.',
  'consent.headshots': 'Generated headshots: encrypted, until {days} days after the last use.',
  'consent.where': 'Where: in the store’s folder on this machine, with a key of its own for this person. '
    + 'Nothing is sent to another computer.',
  'consent.erase': 'Erase everything at any time: open the person, then “Erase this person”. You get a signed receipt. '
    + 'Files that you exported are yours and are not erased.',
  'consent.fake': 'Generated headshots are not photographs. Each file says so.',
  'consent.agree': 'I agree, add the photos',
  'consent.agreeSample': 'Add the sample photos',
  'consent.note': 'By this button the person named above agrees to the review of the photos, to training on the face and to '
    + 'generated headshots.',
  'consent.back': 'Cancel',

  'step.photos': 'Photos',
  'step.train': 'Train',
  'step.shoot': 'Shoot',
  'step.choose': 'Choose',
  'step.edit': 'Edit',
  'step.export': 'Export',
  'step.nav': 'Steps',

  'person.erase': 'Erase this person',
  'person.eraseQuestion': 'Erase everything about {name}: photos, model and headshots? This cannot be undone.',
  'person.eraseYes': 'Erase now',
  'person.keep': 'Keep',
  'person.erased': 'Everything was erased.',
  'person.receiptNote': 'The receipt says what was erased and when, and is signed. Files that you exported were not erased.',
  'person.receipt': 'Save the receipt',
  'person.consent': 'Consent: {text}',

  'photos.heading': 'Photos',
  'photos.more': 'Add more photos',
  'photos.uploading': 'Checking {name} …',
  'photos.left': '{n} photos are left to check',
  'photos.keep': 'Good',
  'photos.warn': 'Usable',
  'photos.reject': 'Not used',
  'photos.refused': 'Not stored',
  'photos.removeOne': 'Remove',
  'photos.remove': 'Remove {name}',
  'photos.summary': '{accepted} of {all} photos can be used.',
  'photos.advice': 'To make the set better',
  'photos.unclear': 'The photos show more than one person. Which photo shows the right one?',
  'photos.shows': 'This is the person',
  'photos.notCompared': 'It was not checked whether all photos show the same person: this base has no face recognition for '
    + 'photographs. Look yourself.',
  'photos.none': 'There are no photos. After the training they are removed, as the consent says; add new ones to train again.',
  'photos.next': 'Continue: train',
  'photos.alt': 'Photo {name}',
  'photos.face': 'face',

  'train.heading': 'Train',
  'train.lead': 'The training makes a small model of this face for the base model.',
  'train.method': 'Method',
  'train.lora.quick': 'Quick: for a first look',
  'train.lora.balanced': 'Balanced',
  'train.lora.best': 'Best: slowest',
  'train.references': 'No training: show photos to the base model',
  'train.cost': '{steps} steps, about {memory} of memory',
  'train.noCost': 'Takes seconds; headshots take more time and memory, because the base sees the photos each time',
  'train.time': 'about {time}, measured on this machine',
  'train.measureFirst': 'the time is measured when you choose it',
  'train.adapter': 'No training: encode the photos for {title}',
  'train.adapterCost': 'About {memory} of memory, also for each headshot',
  'train.adapterLicence': 'Licence: not known to this studio; read it at the source of the file',
  'train.adapterNeeds': 'Needs more files. Start the studio with --ip-adapter and {options}.',
  'train.adapterWeaker': 'Without the ControlNet of its publishers (--identity-controlnet), images look less like the person.',
  'train.unmeasured': 'the time is being measured on this machine',
  'train.previews': 'Show previews and likeness meanwhile (takes longer; every fifth photo is held out for the comparison)',
  'train.start': 'Start the training',
  'train.show': 'Prepare the photos',
  'train.again': 'Train again',
  'train.pause': 'Pause',
  'train.resume': 'Continue the training',
  'train.queued': 'The training waits for its turn.',
  'train.running': 'The training is running. You can close this page; it goes on.',
  'train.paused': 'The training is paused. Nothing is lost.',
  'train.failed': 'The training stopped: {message}',
  'train.done': 'The training is finished.',
  'train.noMethod': 'This base model can neither be trained nor be shown photos. Start the studio with another --base.',
  'train.noPhotos': 'There are no photos to train on.',
  'train.phase.describe': 'Describing the photos',
  'train.phase.train': 'Training',
  'train.phase.encode': 'Encoding the photos',
  'train.phase.choose': 'Choosing reference photos',
  'train.progress': '{phase}: step {step} of {steps}',
  'train.secondsLeft': 'about {time} left',
  'train.loss': 'Loss (lower is better, it is noisy)',
  'train.lossAlt': 'Loss from step {first} to step {last}, now {value}',
  'train.likeness': 'Likeness to the held-out photos',
  'train.preview': 'Newest preview of the training',
  'train.notices': 'Notes',
  'train.next': 'Continue: shoot',

  'shoot.heading': 'Shoot',
  'shoot.styles': 'Styles',
  'shoot.thumbnails': 'The small images are examples of the model portrait: another face, and rendered, not photographs.',
  'shoot.identity': 'Method',
  'shoot.identity.lora': 'The trained model',
  'shoot.identity.references': 'Photos shown to the base model',
  'shoot.identity.lora-and-references': 'The trained model, and photos shown to the base model',
  'shoot.identity.ipadapter': '{title}: the encoded photos',
  'shoot.identity.both': '{title}, and the trained model',
  'shoot.pose': 'Pose of the head',
  'shoot.pose.usual': 'as the method does it',
  'shoot.pose.front': 'front',
  'shoot.pose.left': 'left',
  'shoot.pose.right': 'right',
  'shoot.pose.slightlyLeft': 'slightly left',
  'shoot.pose.slightlyRight': 'slightly right',
  'shoot.pose.up': 'up',
  'shoot.pose.down': 'down',
  'shoot.pose.upLeft': 'up left',
  'shoot.pose.upRight': 'up right',
  'shoot.pose.tiltedLeft': 'tilted left',
  'shoot.pose.tiltedRight': 'tilted right',
  'shoot.pose.as': 'as in {name}',
  'shoot.pose.choose': 'As in a photo …',
  'shoot.pose.note': 'Only the position of the face is read from the photo; the photo is not kept.',
  'shoot.count': 'Images of each style',
  'shoot.total': 'Images in total: {n}',
  'shoot.outfit': 'Outfit (instead of the style’s)',
  'shoot.backdrop': 'Backdrop (instead of the style’s)',
  'shoot.asStyle': 'as the style says',
  'shoot.strength': 'Identity strength',
  'shoot.strengthNote': '100 % is the full strength of the method; less leaves more to the style.',
  'shoot.steps': 'Sampling steps',
  'shoot.more': 'More settings',
  'shoot.start': 'Generate',
  'shoot.notTrained': 'Train this person first.',
  'shoot.earlier': 'Shoots',
  'shoot.next': 'See the images',

  'choose.heading': 'Choose',
  'choose.none': 'There are no shoots yet.',
  'choose.shoot': 'Shoot',
  'choose.shootOf': '{date}: {done} of {total} images',
  'choose.queued': 'The shoot waits for its turn.',
  'choose.running': 'Image {image} of {total}: step {step} of {steps}',
  'choose.paused': 'The shoot is paused. Finished images are kept.',
  'choose.failed': 'The shoot stopped: {message}',
  'choose.uncheckable': 'The images cannot be checked now: the adapter that shows this person is not here. Start the studio with it.',
  'choose.checking': 'The images are being checked.',
  'choose.pause': 'Pause',
  'choose.resume': 'Continue the shoot',
  'choose.keys': 'Keys: arrows move, K keeps, D drops, U takes back, Z zooms to the eyes, C compares two.',
  'choose.keep': 'Keep',
  'choose.drop': 'Drop',
  'choose.kept': 'Kept',
  'choose.dropped': 'Dropped',
  'choose.zoom': 'Zoom',
  'choose.compare': 'Compare',
  'choose.close': 'Close',
  'choose.others': 'Not recommended',
  'choose.waiting': 'Images of this shoot',
  'choose.scores': 'Scores',
  'choose.score': 'Score',
  'choose.value': 'Value',
  'choose.limit': 'Limit',
  'choose.alt': 'Generated headshot {n}, style {style}',
  'choose.image': 'Image {n}',
  'choose.report': 'Open this report as one page',
  'choose.steps': 'What to do next',
  'choose.limits': 'What these images are not',
  'choose.edited': 'Edits: {n}. The sentences and scores are those before.',
  'choose.preview': 'Preview of the image that is being generated',
  'choose.next': 'Continue: export',

  'edit.heading': 'Edit',
  'edit.lead': 'Change parts of a headshot. The rest stays as it is, and each change can be taken back.',
  'edit.edited': 'edits: {n}',
  'edit.result': 'The image',
  'edit.outfit': 'Outfit',
  'edit.backdrop': 'Backdrop',
  'edit.light': 'Light',
  'edit.expression': 'Expression',
  'edit.same': 'as it is',
  'edit.paint': 'Paint the region to change',
  'edit.painted': 'Painted region',
  'edit.maskWords': 'What the painted region shows',
  'edit.strength': 'Denoising strength in percent',
  'edit.strengthNote': 'Higher changes more. Empty: each part has its own.',
  'edit.start': 'Change the image',
  'edit.pause': 'Stop',
  'edit.resume': 'Continue the change',
  'edit.undo': 'Undo the last change',
  'edit.queued': 'The change waits for its turn.',
  'edit.running': 'The image is being changed: step {step} of {steps}',
  'edit.paused': 'The change was stopped.',
  'edit.failed': 'The change failed: {message}',
  'edit.changed': '{percent} % of the image were generated again.',
  'edit.before': 'Before',
  'edit.after': 'After',
  'edit.compare': 'How much of the image before is seen',
  'edit.brush': 'Size of the brush',
  'edit.eraser': 'Eraser',
  'edit.clear': 'Clear',
  'edit.rectangle': 'Or a rectangle, in percent of the image',
  'edit.box.left': 'From left',
  'edit.box.top': 'From top',
  'edit.box.width': 'Width',
  'edit.box.height': 'Height',
  'edit.fill': 'Paint the rectangle',

  'export.heading': 'Export',
  'export.none': 'Generate headshots first.',
  'export.noneKept': 'No image is kept yet, so all are shown.',
  'export.which': 'Image',
  'export.crop': 'Crop',
  'export.whole': 'As generated',
  'export.square': 'Square',
  'export.avatar': 'Avatar (round profile images)',
  'export.ratio': 'Portrait 4:5',
  'export.small': '512 × 512 pixels',
  'export.banner': '1200 × 630 pixels (enlarged, looks soft)',
  'export.format': 'Format',
  'export.label': 'Visible label, such as “AI-generated” (optional)',
  'export.make': 'Make the file',
  'export.download': 'Download {name}',
  'export.preview': 'The file, as it will be saved',
  'export.credentials': 'What the file says about itself',
  'export.disclosed': 'It says that it was generated.',
  'export.notDisclosed': 'It does not say that it was generated.',
  'export.signed': 'It has signed content credentials, and nothing was altered since.',
  'export.unsigned': 'It has no signed content credentials.',
  'export.altered': 'Its content credentials do not match the image.',
  'export.watermarked': 'An invisible watermark was found in the pixels.',
  'export.notWatermarked': 'No invisible watermark was found; small images have none.',
  'export.ownSigner': 'The signer is {name}.',
  'export.signer': 'The signer is the studio’s public development key: it shows that the file is unchanged, not who made it.',
};

/** @type {{en: typeof english, de: typeof english}} */
const catalogues = {en: english, de: german};
/** @type {'en' | 'de'} */
let language = 'en';

/** @param {string} wanted */
export function chooseLanguage(wanted) {
  language = wanted === 'de' ? 'de' : 'en';
  document.documentElement.lang = language;
}

export function languageOf() {
  return language;
}

/**
 * Returns a text of the catalogue in the language of the page.
 * @param {keyof typeof english} key
 * @param {Record<string, unknown>} [values] what stands in place of the names in braces
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = catalogues[language][key] ?? english[key] ?? key;
  return text.replace(/\{([a-zA-Z]+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * Returns a reason of a photo in the language of the page. The library speaks English and gives codes.
 * @param {Reason} reason
 */
export function reasonOf({code, message}) {
  return language === 'de' ? /** @type {Record<string, string>} */ (reasons)[code] ?? message : message;
}

/**
 * Returns what the library says in the language of the page. A label and its reason are joined by a colon.
 * @param {string} text
 * @returns {string}
 */
export function said(text) {
  return language !== 'de'
    ? text
    : translate(text) ?? text.split(': ').map(part => translate(part) ?? part).join(': ');
}

/**
 * Returns a message of the server in the language of the page; one that is not known is marked as English.
 * @param {string | undefined} message
 * @returns {string}
 */
export function messageOf(message) {
  return language !== 'de' || !message ? message ?? '' : translate(message) ?? t('error.english', {message});
}

/** @param {number} value */
export function number(value) {
  return new Intl.NumberFormat(language).format(value);
}

/** @param {number} value */
export function bytes(value) {
  const gib = value / 2 ** 30;
  return gib >= 1 ? `${number(Math.round(gib * 10) / 10)} GiB` : `${number(Math.round(value / 2 ** 20))} MiB`;
}

/** @param {number} seconds */
export function duration(seconds) {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
}

/** @param {string} text */
export function moment(text) {
  return new Intl.DateTimeFormat(language, {dateStyle: 'medium', timeStyle: 'short'}).format(new Date(text));
}
