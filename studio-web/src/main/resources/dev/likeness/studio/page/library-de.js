// German for what the library says of photos: reasons by their codes, advice by its English sentence.

/** One sentence for each code of a reason; the numbers of the English sentence are left out. */
export const reasons = {
  'empty-file': 'Die Datei ist leer; kopieren Sie sie noch einmal vom Telefon.',
  'not-an-image': 'Die Datei ist kein Bild.',
  'file-too-large': 'Die Datei ist zu groß; verkleinern Sie das Foto.',
  'too-many-pixels': 'Das Foto hat zu viele Pixel; verkleinern Sie es.',
  'broken-file': 'Die Datei kann nicht gelesen werden; kopieren Sie sie noch einmal vom Telefon.',
  'needs-conversion': 'Dieses Format kann nicht gelesen werden; wandeln Sie das Foto in JPEG um.',
  'check-failed': 'Das Foto konnte nicht geprüft werden; speichern Sie es als PNG.',
  'damaged-file': 'Teile der Datei sind beschädigt; exportieren oder kopieren Sie sie noch einmal.',
  'no-face': 'Es wurde kein Gesicht gefunden.',
  rotated: 'Das Foto lag auf der Seite und wurde gedreht; prüfen Sie, ob die Person aufrecht ist.',
  'several-faces': 'Das Foto zeigt mehrere Gesichter.',
  'face-too-small': 'Das Gesicht ist zu klein; gehen Sie näher heran.',
  'face-cut-off': 'Der Bildrand schneidet einen Teil des Gesichts ab.',
  blurred: 'Das Gesicht ist unscharf; halten Sie still und stellen Sie darauf scharf.',
  'too-dark': 'Das Gesicht ist zu dunkel; schauen Sie zu einem Fenster oder einer Lampe.',
  'too-bright': 'Ein Teil des Gesichts ist überbelichtet.',
  'uneven-light': 'Das Licht fällt ungleichmäßig auf das Gesicht.',
  'eyes-not-visible': 'Es wurden keine offenen Augen gefunden: Sie sind geschlossen, im Schatten oder verdeckt, oder wurden übersehen.',
  sunglasses: 'Dunkle Gläser verdecken die Augen.',
  mask: 'Eine Maske oder ein Schal verdeckt Nase und Mund.',
  hat: 'Ein Hut oder ein Tuch verdeckt das Haar.',
  'face-covered': 'Etwas verdeckt einen Teil des Gesichts.',
  'extreme-pose': 'Der Kopf ist zu weit zur Seite gedreht.',
  'black-and-white': 'Das Foto ist schwarz-weiß; nehmen Sie eines in Farbe.',
  'strong-filter': 'Ein Filter lässt nur einen Farbton übrig; nehmen Sie das Foto ohne Filter.',
  'heavy-compression': 'Das Foto ist stark komprimiert; nehmen Sie die Originaldatei.',
  'compressed-before': 'Man sieht Blöcke einer früheren, starken Kompression; nehmen Sie die Originaldatei.',
  borders: 'Das Foto hat einfarbige Ränder; schneiden Sie sie ab.',
  distorted: 'Das Foto ist durch Rauschen, Unschärfe oder Kompression gestört; nehmen Sie die Originaldatei.',
  'low-quality': 'Das Gesicht ist kaum zu erkennen; machen Sie das Foto noch einmal.',
  'near-duplicate': 'Es ist fast dasselbe wie ein anderes Foto; nehmen Sie eine andere Aufnahme.',
  'wrong-person': 'Das Gesicht ist nicht das der meisten Fotos.',
};

const numbers = {
  no: 'kein', one: 'eins', two: 'zwei', three: 'drei', four: 'vier', five: 'fünf', six: 'sechs',
  seven: 'sieben', eight: 'acht', nine: 'neun', ten: 'zehn', eleven: 'elf', twelve: 'zwölf',
};

/** English sentences of advice with # for a number, and their German. */
export const advice = {
  'no photo can be used; add at least # other photos': 'Kein Foto ist brauchbar; nehmen Sie mindestens # andere Fotos.',
  'only # usable photo; add more until there are at least #':
    'Brauchbare Fotos: nur #; fügen Sie weitere hinzu, bis es mindestens # sind.',
  'only # usable photos; add more until there are at least #':
    'Brauchbare Fotos: nur #; fügen Sie weitere hinzu, bis es mindestens # sind.',
  '# usable photos are enough to begin; # or more are better':
    'Mit # brauchbaren Fotos können Sie beginnen; # oder mehr sind besser.',
  '# photos are more than needed; the best # are enough': '# Fotos sind mehr als nötig; die besten # genügen.',
  'no photo from the left; add one with the head half turned to the image\'s left':
    'Kein Foto von links; nehmen Sie eines dazu, auf dem der Kopf halb nach links im Bild gedreht ist.',
  'no photo from the right; add one with the head half turned to the image\'s right':
    'Kein Foto von rechts; nehmen Sie eines dazu, auf dem der Kopf halb nach rechts im Bild gedreht ist.',
  'no photo from the front; add one that looks straight ahead':
    'Kein Foto von vorn; nehmen Sie eines dazu, auf dem die Person geradeaus schaut.',
  '# of # have a similar background colour; add photos taken elsewhere':
    '# von # haben eine ähnliche Hintergrundfarbe; nehmen Sie Fotos von anderen Orten dazu.',
  '# of # show the same clothes; add photos in other clothes':
    '# von # zeigen dieselbe Kleidung; nehmen Sie Fotos in anderer Kleidung dazu.',
  '# of # have the same light; add photos from outdoors or another room':
    '# von # haben dasselbe Licht; nehmen Sie Fotos von draußen oder aus einem anderen Raum dazu.',
  '# of # have the same expression; add photos with another expression':
    '# von # haben denselben Ausdruck; nehmen Sie Fotos mit anderem Ausdruck dazu.',
  '# of # were taken from the same distance; add a close-up or one from further away':
    '# von # wurden aus derselben Entfernung aufgenommen; nehmen Sie eines von nah oder von weiter weg dazu.',
  'the photos seem to show several people; choose the wanted person':
    'Die Fotos zeigen anscheinend mehrere Personen; wählen Sie die gewünschte.',
  'the faces in the photos were not compared; give a face embedder to find photos that show other people':
    'Die Gesichter der Fotos wurden nicht verglichen; mit einem Face-Embedder werden Fotos anderer Personen gefunden.',
  'the face is small in every photo; add a close-up': 'Das Gesicht ist auf jedem Foto klein; nehmen Sie eine Nahaufnahme dazu.',
};

/** Returns the German of a sentence of advice, or the sentence itself if it is not known. */
export function advise(sentence) {
  for (const [english, german] of Object.entries(advice)) {
    const pattern = english.replace(/[().]/g, '\\$&').replace(/#/g, '([a-z]+|[0-9]+)');
    const found = new RegExp(`^${pattern}$`).exec(sentence);
    if (found) {
      const values = found.slice(1).map(word => numbers[word] ?? word);
      const text = german.replace(/#/g, () => values.shift());
      return text[0].toUpperCase() + text.slice(1);
    }
  }
  return sentence;
}
