// The English catalogue of messages. Every text of the page is here; words-de.js has the same keys.
import german from './words-de.js';

const english = {
  'app.title': 'Likeness studio',
  'app.skip': 'Skip to the content',
  'app.language': 'Language',
  'app.home': 'All people',
  'base.opening': 'The base model is being opened …',
  'base.ready': 'Base model: {name}',
  'base.failed': 'The base model cannot be opened: {message}',
  'base.lost': 'The studio does not answer. Is it still running in the terminal?',
  'jobs.running': '{running} running, {waiting} waiting',
  'error.dismiss': 'Close',

  'start.heading': 'Headshots from selfies, on this machine',
  'start.lead': 'Drop selfies of one person. Photos stay on this machine, encrypted; nothing is sent anywhere.',
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
  'step.export': 'Export',
  'step.nav': 'Steps',

  'person.erase': 'Erase this person',
  'person.eraseQuestion': 'Erase everything about {name}: photos, model and headshots? This cannot be undone.',
  'person.eraseYes': 'Erase now',
  'person.keep': 'Keep',
  'person.erased': 'Everything was erased.',
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
  'train.minutes': 'about {minutes} min, measured on this machine',
  'train.unmeasured': 'time not measured yet on this machine; it is shown after the first steps',
  'train.previews': 'Show previews and likeness meanwhile (takes longer; every fifth photo is held out for the comparison)',
  'train.start': 'Start the training',
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
  'shoot.count': 'Images of each style',
  'shoot.total': 'Images in total: {n}',
  'shoot.outfit': 'Outfit (instead of the style’s)',
  'shoot.backdrop': 'Backdrop (instead of the style’s)',
  'shoot.asStyle': 'as the style says',
  'shoot.strength': 'Identity strength',
  'shoot.strengthNote': '100 % is as trained; less leaves more to the style.',
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
  'choose.next': 'Continue: export',

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

const catalogues = {en: english, de: german};
let language = 'en';

export function chooseLanguage(wanted) {
  language = catalogues[wanted] ? wanted : 'en';
  document.documentElement.lang = language;
}

export function languageOf() {
  return language;
}

export function t(key, values = {}) {
  const text = catalogues[language][key] ?? english[key] ?? key;
  return text.replace(/\{([a-zA-Z]+)\}/g, (whole, name) => values[name] ?? whole);
}

export function number(value) {
  return new Intl.NumberFormat(language).format(value);
}

export function bytes(value) {
  const gib = value / 2 ** 30;
  return gib >= 1 ? `${number(Math.round(gib * 10) / 10)} GiB` : `${number(Math.round(value / 2 ** 20))} MiB`;
}

export function duration(seconds) {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`;
}

export function moment(text) {
  return new Intl.DateTimeFormat(language, {dateStyle: 'medium', timeStyle: 'short'}).format(new Date(text));
}
