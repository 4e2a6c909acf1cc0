// German for what the library and the server say: reasons of photos by their codes, all else by its English sentence.

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

/** @type {Record<string, string>} */
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

/** English sentences with {} for what varies, and their German with the same places. */
export const sentences = {
  // Reports of shoots.
  'There are no images.': 'Es gibt keine Bilder.',
  'Do not use these images for the person in the photos: the face is made up.':
    'Benutzen Sie diese Bilder nicht für die Person auf den Fotos: Das Gesicht ist erfunden.',
  'The images were not checked.': 'Die Bilder wurden nicht geprüft.',
  'Look at them closely before you use one.': 'Sehen Sie sie genau an, bevor Sie eines benutzen.',
  'The image has a visible flaw.': 'Das Bild hat einen sichtbaren Fehler.',
  'All {} images have a visible flaw.': 'Alle {} Bilder haben einen sichtbaren Fehler.',
  'Generate more before you use one.': 'Erzeugen Sie weitere, bevor Sie eines benutzen.',
  'The image can be used: no flaw was found.': 'Das Bild ist brauchbar: Es wurde kein Fehler gefunden.',
  'Use only {}: the other image has a visible flaw.':
    'Benutzen Sie nur {}: Das andere Bild hat einen sichtbaren Fehler.',
  'Use only {}: the other {} images have a visible flaw.':
    'Benutzen Sie nur {}: Die anderen {} Bilder haben einen sichtbaren Fehler.',
  'All {} images can be used: no flaw was found.': 'Alle {} Bilder sind brauchbar: Es wurde kein Fehler gefunden.',
  'Use {} of {} images: no flaw was found in them.':
    'Benutzen Sie {} von {} Bildern: In ihnen wurde kein Fehler gefunden.',
  'Begin with {}.': 'Beginnen Sie mit {}.',
  'This image was not checked.': 'Dieses Bild wurde nicht geprüft.',
  'Images without a flaw come first.': 'Bilder ohne Fehler stehen zuerst.',
  'No image is free of flaws; this one is the best.': 'Kein Bild ist ohne Fehler; dieses ist das beste.',
  'No flaw was found.': 'Es wurde kein Fehler gefunden.',
  'It is nearly the same as a better image.': 'Es ist fast dasselbe wie ein besseres Bild.',
  'It is the best of all.': 'Es ist das beste von allen.',
  'Look closely: {}': 'Sehen Sie genau hin: {}',
  'It looks less like the photos than the photos look like each other.':
    'Es ist den Fotos weniger ähnlich als die Fotos einander.',
  'The skin is smoother than in all photos, so the person may look younger than they are.':
    'Die Haut ist glatter als auf allen Fotos, sodass die Person jünger aussehen kann, als sie ist.',
  'The face is narrower than in all photos.': 'Das Gesicht ist schmaler als auf allen Fotos.',
  'The skin is lighter than in all photos.': 'Die Haut ist heller als auf allen Fotos.',
  'The best image': 'Das beste Bild',
  'The best images': 'Die besten Bilder',
  '{}, but not of this person': '{}, aber nicht von dieser Person',
  '{}, with flaws': '{}, mit Fehlern',
  'Not checked': 'Nicht geprüft',
  'Use this': 'Benutzen Sie dieses',
  'Use these': 'Benutzen Sie diese',
  'Enlarged {} times to {} × {} pixels, so it is less sharp than its size suggests.':
    'Auf das {}-Fache vergrößert, auf {} × {} Pixel, und daher weniger scharf, als die Größe erwarten lässt.',
  'It recognises the person in {} of {} images.': 'Es erkennt die Person auf {} von {} Bildern.',
  'It finds every person in {} of {} images.': 'Es findet jede Person auf {} von {} Bildern.',
  'The face recognition network recognises the person of the photos in it.':
    'Das Netz zur Gesichtserkennung erkennt darauf die Person der Fotos.',
  'The face recognition network finds every person of the photos in it.':
    'Das Netz zur Gesichtserkennung findet darauf jede Person der Fotos.',
  'Choose a base model that was trained on photographs, and train the person again.':
    'Wählen Sie ein Basismodell, das mit Fotografien trainiert wurde, und trainieren Sie die Person noch einmal.',
  'Nothing else makes the images look like the person.': 'Nichts anderes macht die Bilder der Person ähnlich.',
  'Better photos give a better likeness.': 'Bessere Fotos geben eine bessere Ähnlichkeit.',
  'For more choice, generate more images, other styles, or another seed, and keep the best ones.':
    'Für mehr Auswahl erzeugen Sie weitere Bilder, andere Stile oder einen anderen Seed, und behalten Sie die '
    + 'besten.',
  'Generate more images and keep the best ones; many flaws appear in some images only.':
    'Erzeugen Sie weitere Bilder und behalten Sie die besten; viele Fehler treten nur auf einigen Bildern auf.',
  'With the command, in which the names in capitals are yours: {}':
    'Mit dem Befehl, in dem die Namen in Großbuchstaben Ihre sind: {}',
  'Something is nearly right?': 'Etwas ist fast richtig?',
  'Edit that image: other clothes, backdrop, light or expression.':
    'Bearbeiten Sie das Bild: andere Kleidung, anderer Hintergrund, anderes Licht oder anderer Ausdruck.',
  'With the command: {}': 'Mit dem Befehl: {}',
  'When you publish an image, say that it was generated, for example: “AI-generated portrait”.':
    'Wenn Sie ein Bild veröffentlichen, sagen Sie, dass es erzeugt wurde, zum Beispiel: „KI-erzeugtes Porträt“.',
  'Each file says so in its metadata too, but some sites remove metadata.':
    'Jede Datei sagt es auch in ihren Metadaten, aber manche Websites entfernen Metadaten.',
  'Keep this page private: it shows the person and the names of photos.':
    'Zeigen Sie diese Seite niemandem: Sie zeigt die Person und die Namen der Fotos.',
  'They are not photographs.': 'Sie sind keine Fotografien.',
  'No camera took them; skin, teeth, ears, hair and clothes are made up and may differ from the person’s.':
    'Keine Kamera hat sie aufgenommen; Haut, Zähne, Ohren, Haare und Kleidung sind erfunden und können von denen '
    + 'der Person abweichen.',
  'They are not proof of identity.': 'Sie sind kein Nachweis der Identität.',
  'Do not use them for passports, identity cards, visas, exams, or wherever a photograph is required.':
    'Benutzen Sie sie nicht für Pässe, Ausweise, Visa, Prüfungen, oder wo sonst eine Fotografie verlangt wird.',
  'They do not prove that the person was in a place, wore these clothes, or agreed to a message.':
    'Sie beweisen nicht, dass die Person an einem Ort war, diese Kleidung trug oder einer Aussage zustimmte.',
  'The checks find many flaws, not all.': 'Die Prüfungen finden viele Fehler, nicht alle.',
  'They were set with rendered faces.': 'Sie wurden mit gerenderten Gesichtern eingestellt.',
  'Look at eyes, teeth, ears, hands and the edge of the hair yourself.':
    'Sehen Sie Augen, Zähne, Ohren, Hände und den Rand der Haare selbst an.',
  ['The best image is the best by these checks: images without a flaw come first, then those with the highest '
    + 'likeness, which counts twice, quality and agreement with the requested words.']:
    'Das beste Bild ist das beste nach diesen Prüfungen: Zuerst kommen Bilder ohne Fehler, dann die mit der '
    + 'höchsten Ähnlichkeit, die doppelt zählt, Qualität und Übereinstimmung mit den verlangten Worten.',
  'A flaw that no check measures, such as a blotch in one eye, does not change the order.':
    'Ein Fehler, den keine Prüfung misst, etwa ein Fleck in einem Auge, ändert die Reihenfolge nicht.',
  // Summaries of shoots.
  'Compare the images with the photos yourself.': 'Vergleichen Sie die Bilder selbst mit den Fotos.',
  'Nothing has checked whether the images look like the person.':
    'Nichts hat geprüft, ob die Bilder der Person ähnlich sind.',
  'A face recognition network has compared every image with the photos.':
    'Ein Netz zur Gesichtserkennung hat jedes Bild mit den Fotos verglichen.',
  ['Nothing has checked whether the images look like the person: the face recognition network of this base was made '
    + 'for rendered faces and cannot compare real people.']:
    'Nichts hat geprüft, ob die Bilder der Person ähnlich sind: Die Gesichtserkennung dieses Basismodells wurde '
    + 'für gerenderte Gesichter gemacht und kann wirkliche Menschen nicht vergleichen.',
  ['The adapter\'s own face recognition network measures a mean likeness of {} to the photos and no other network '
    + 'measured it.']:
    'Das eigene Netz des Adapters zur Gesichtserkennung misst im Mittel eine Ähnlichkeit von {} mit den Fotos, und '
    + 'kein anderes Netz hat sie gemessen.',
  ['The adapter\'s own face recognition network measures a mean likeness of {} to the photos and another network '
    + 'measures {}.']:
    'Das eigene Netz des Adapters zur Gesichtserkennung misst im Mittel eine Ähnlichkeit von {} mit den Fotos, ein '
    + 'anderes Netz misst {}.',
  'The adapter makes images that its own network finds alike, so trust the other network and your eyes.':
    'Der Adapter macht Bilder, die sein eigenes Netz ähnlich findet; vertrauen Sie also dem anderen Netz und Ihren '
    + 'Augen.',
  'The base model {} only knows rendered people, such as the one in these photos.':
    'Das Basismodell {} kennt nur gerenderte Menschen, wie den auf diesen Fotos.',
  'It cannot show a real person.': 'Es kann keine wirkliche Person zeigen.',
  'The base model {} only knows rendered people.': 'Das Basismodell {} kennt nur gerenderte Menschen.',
  'It cannot show a real person: these images show a face that was made up.':
    'Es kann keine wirkliche Person zeigen: Diese Bilder zeigen ein erfundenes Gesicht.',
  'For real people, use a base model that was trained on photographs.':
    'Für wirkliche Menschen benutzen Sie ein Basismodell, das mit Fotografien trainiert wurde.',
  'the person was trained on {} and is used with {}, which may lower the likeness; train the person again on {}':
    'Die Person wurde auf {} trainiert und wird mit {} benutzt, was die Ähnlichkeit senken kann; trainieren Sie '
    + 'sie noch einmal auf {}',
  'Nothing was trained; the images show {} people from reference images.':
    'Nichts wurde trainiert; die Bilder zeigen {} Menschen aus Referenzbildern.',
  'Nothing was trained; the images were made with {} reference image of the person.':
    'Nichts wurde trainiert; die Bilder entstanden mit {} Referenzbild der Person.',
  'Nothing was trained; the images were made with {} reference images of the person.':
    'Nichts wurde trainiert; die Bilder entstanden mit {} Referenzbildern der Person.',
  'The person was trained from {}; {} was left out.': 'Die Person wurde aus {} trainiert; {} wurde ausgelassen.',
  'The person was trained from {}; {} were left out.': 'Die Person wurde aus {} trainiert; {} wurden ausgelassen.',
  'Nothing was trained; the images were made from {}; {} was left out.':
    'Nichts wurde trainiert; die Bilder entstanden aus {}; {} wurde ausgelassen.',
  'Nothing was trained; the images were made from {}; {} were left out.':
    'Nichts wurde trainiert; die Bilder entstanden aus {}; {} wurden ausgelassen.',
  'The person was trained from {}.': 'Die Person wurde aus {} trainiert.',
  'Nothing was trained; the images were made from {}.': 'Nichts wurde trainiert; die Bilder entstanden aus {}.',
  'They are not shown, because the images were generated from the trained person alone.':
    'Sie werden nicht gezeigt, weil die Bilder allein aus der trainierten Person erzeugt wurden.',
  'photos that the person\'s file does not count': 'Fotos, die die Datei der Person nicht zählt',
  '{} of {} photos': '{} von {} Fotos',
  '1 photo': '1 Foto',
  '{} photos': '{} Fotos',
  // Scores.
  'face': 'Gesicht',
  'no face was found': 'es wurde kein Gesicht gefunden',
  'second face': 'zweites Gesicht',
  'another face is in the image': 'ein weiteres Gesicht ist im Bild',
  'likeness': 'Ähnlichkeit',
  'it does not look like the person': 'es sieht der Person nicht ähnlich',
  'sharpness': 'Schärfe',
  'the face is blurred': 'das Gesicht ist unscharf',
  'exposure': 'Belichtung',
  'the face is too dark or overexposed': 'das Gesicht ist zu dunkel oder überbelichtet',
  'noise': 'Rauschen',
  'the image is noisy': 'das Bild rauscht',
  'compression': 'Kompression',
  'small square blocks are visible': 'kleine quadratische Blöcke sind zu sehen',
  'light direction': 'Lichtrichtung',
  'the parts of the face are lit from different sides': 'Teile des Gesichts haben Licht von verschiedenen Seiten',
  'light falloff': 'Lichtabfall',
  'the light on the face is flat': 'das Licht auf dem Gesicht ist flach',
  'proportions': 'Proportionen',
  'the face is stretched': 'das Gesicht ist verzerrt',
  'symmetry': 'Symmetrie',
  'the halves of the face do not match': 'die Hälften des Gesichts passen nicht zueinander',
  'eyes': 'Augen',
  'the eyes do not match or are not open': 'die Augen passen nicht zueinander oder sind nicht offen',
  'gaze': 'Blick',
  'the eyes do not look the same way': 'die Augen sehen nicht in dieselbe Richtung',
  'mouth': 'Mund',
  'mouth or teeth are smeared': 'Mund oder Zähne sind verwischt',
  'ears': 'Ohren',
  'an ear or the side of the head is doubled': 'ein Ohr oder eine Seite des Kopfes ist doppelt',
  'glasses': 'Brille',
  'the sides of the glasses do not match': 'die Seiten der Brille passen nicht zueinander',
  'jewellery': 'Schmuck',
  'the earrings do not match': 'die Ohrringe passen nicht zueinander',
  'hands': 'Hände',
  'a hand or other bare skin is in the image': 'eine Hand oder andere bloße Haut ist im Bild',
  'waxed skin': 'wächserne Haut',
  'the skin looks like wax: it has no texture': 'die Haut sieht wie Wachs aus: sie hat keine Struktur',
  'over-sharp skin': 'überschärfte Haut',
  'the skin is sharpened too much': 'die Haut ist zu stark geschärft',
  'hair edges': 'Haarränder',
  'a halo surrounds the hair': 'ein heller Saum umgibt das Haar',
  'background': 'Hintergrund',
  'a seam runs through the image': 'eine Naht läuft durch das Bild',
  'text': 'Schrift',
  'there are marks that look like writing': 'es gibt Zeichen, die wie Schrift aussehen',
  'distortion': 'Störung',
  'noise, blur or compression distort the image': 'Rauschen, Unschärfe oder Kompression stören das Bild',
  '{} of person {}': '{} von Person {}',
  'no face was found to measure it on': 'es wurde kein Gesicht gefunden, an dem es sich messen lässt',
  'no face looks like person {}': 'kein Gesicht sieht Person {} ähnlich',
  '{} has no limit ({})': '{} hat keine Grenze ({})',
  '{} passed ({}, limit {})': '{} bestanden ({}, Grenze {})',
  '{} ({} {}, limit {})': '{} ({} {}, Grenze {})',
  'none': 'keine',
  'at least {}': 'mindestens {}',
  'at most {}': 'höchstens {}',
  '{}, 95 % {} to {}': '{}, 95 %: {} bis {}',
  // Trainings and downloads.
  'encode': 'Kodieren',
  'train': 'Trainieren',
  'describe': 'Beschreiben',
  'class images': 'Klassenbilder',
  'sample': 'Erzeugen',
  'validate': 'Vergleichen',
  '{}; it is not used for training': '{}; es wird nicht benutzt',
  '{} of {} photos can be used': '{} von {} Fotos sind brauchbar',
  '{} of {} photos can be used; identity was not compared':
    '{} von {} Fotos sind brauchbar; ob sie dieselbe Person zeigen, wurde nicht verglichen',
  '{}: the head is too small for a base of {} pixels; the photo is not used':
    '{}: Der Kopf ist zu klein für ein Basismodell mit {} Pixeln; das Foto wird nicht benutzt',
  'memory is short, so the training settings were changed; training needs about {}':
    'Der Speicher ist knapp, daher wurden Einstellungen des Trainings geändert; es braucht etwa {}',
  'there is no validation by likeness: it needs at least 5 photos, got {}':
    'Die Ähnlichkeit wird nicht verglichen: Das braucht mindestens 5 Fotos, es sind {}',
  'no better likeness in the last {} validations; the weights of the best validation are kept':
    'Keine bessere Ähnlichkeit in den letzten {} Vergleichen; die Gewichte des besten Vergleichs bleiben',
  ['likeness fell from {} to {} while the loss fell from {} to {}: the training overfits; the weights of the best '
    + 'validation are kept']:
    'Die Ähnlichkeit fiel von {} auf {}, während der Loss von {} auf {} fiel: Das Training lernt auswendig; die '
    + 'Gewichte des besten Vergleichs bleiben',
  'step {} cannot be saved, but the training continues: {}':
    'Schritt {} lässt sich nicht speichern, aber das Training läuft weiter: {}',
  // Refusals of the server.
  'the field {} is not a text': 'Das Feld {} ist kein Text',
  'the field {} is not true or false': 'Das Feld {} ist nicht wahr oder falsch',
  'the field {} is not a number': 'Das Feld {} ist keine Zahl',
  'the field {} is not a list of texts': 'Das Feld {} ist keine Liste von Texten',
  'the field {} is not an object with a number for each name':
    'Das Feld {} ist kein Objekt mit einer Zahl für jeden Namen',
  'the upload was too slow and was stopped; send it again':
    'Das Senden war zu langsam und wurde beendet; senden Sie die Datei noch einmal',
  'the upload ended before it was complete; send it again':
    'Das Senden endete zu früh; senden Sie die Datei noch einmal',
  'the upload has more than {} bytes, which is the limit; send a smaller file':
    'Die Datei hat mehr als {} Bytes, und das ist die Grenze; senden Sie eine kleinere',
  'the body is not announced as JSON; send application/json':
    'Die Anfrage ist nicht als JSON angekündigt; senden Sie application/json',
  'the body is not a JSON object: {}': 'Die Anfrage ist kein JSON-Objekt: {}',
  'the file has {} bytes; ask for a part of these': 'Die Datei hat {} Bytes; verlangen Sie einen Teil davon',
  ['this host name is not one of the studio\'s; open the address that the studio printed, or start the studio with '
    + 'this name']:
    'Das Studio hat diesen Hostnamen nicht; öffnen Sie die Adresse, die das Studio ausgegeben hat, oder starten '
    + 'Sie es mit diesem Namen',
  'a page of another site sent this request; it is refused':
    'Die Seite einer anderen Website hat diese Anfrage gesendet; sie wird abgelehnt',
  'enter the password of the studio first': 'Geben Sie zuerst das Passwort des Studios ein',
  'this request did not come through the studio\'s reverse proxy; open the proxy\'s address':
    'Diese Anfrage kam nicht durch den Reverse Proxy des Studios; öffnen Sie dessen Adresse',
  'open the address that the studio printed when it was started':
    'Öffnen Sie die Adresse, die das Studio beim Start ausgegeben hat',
  'too many attempts; wait a second and enter the password again':
    'Zu viele Versuche; warten Sie eine Sekunde und geben Sie das Passwort noch einmal ein',
  'more than {} pages of the studio are open; close some of them':
    'Mehr als {} Seiten des Studios sind offen; schließen Sie einige',
  'this address does not have this method; /api/openapi.json lists all':
    'Diese Adresse hat diese Methode nicht; /api/openapi.json nennt alle',
  'there is no such address; /api/openapi.json lists all': 'Diese Adresse gibt es nicht; /api/openapi.json nennt alle',
  'pages can only be read': 'Seiten lassen sich nur lesen',
  'there is no such page; open /': 'Diese Seite gibt es nicht; öffnen Sie /',
  'without consent no photo is accepted; ask the person in the photos, then agree':
    'Ohne Einwilligung wird kein Foto angenommen; fragen Sie die Person auf den Fotos, und willigen Sie dann ein',
  'more than {} uploads run at once; send this file again later':
    'Mehr als {} Dateien werden gleichzeitig gesendet; senden Sie diese später noch einmal',
  'unknown action; known: {}': 'Unbekannte Aktion; bekannt: {}',
  'the version is not a number from 0': 'Die Version ist keine Zahl ab 0',
  'steps is not a number from 1': 'steps ist keine Zahl ab 1',
  'an unexpected failure ({}); try again, and report it if it stays':
    'Ein unerwarteter Fehler ({}); versuchen Sie es noch einmal, und melden Sie ihn, wenn er bleibt',
  'an unexpected failure; try again, and report it if it stays':
    'Ein unerwarteter Fehler; versuchen Sie es noch einmal, und melden Sie ihn, wenn er bleibt',
  'no photos of this person were encoded for an adapter; open the page Train':
    'Es wurden keine Fotos dieser Person für einen Adapter kodiert; öffnen Sie die Seite Trainieren',
  'this person has no reference images for this base; open the page Train':
    'Diese Person hat keine Referenzbilder für dieses Basismodell; öffnen Sie die Seite Trainieren',
  'this person has not been trained; train first': 'Diese Person wurde nicht trainiert; trainieren Sie zuerst',
  'unknown identity; known for this person: {}': 'Unbekannte Methode; für diese Person bekannt: {}',
  'the catalogue has no model {}': 'Der Katalog hat kein Modell {}',
  'this studio downloads nothing; get models with the command: likeness models get NAME':
    'Dieses Studio lädt nichts; holen Sie Modelle mit dem Befehl: likeness models get NAME',
  'ask for the size of this download first: action plan':
    'Fragen Sie zuerst nach der Größe dieses Modells: Aktion plan',
  'this model is already being downloaded': 'Dieses Modell wird schon geladen',
  'this model is not being downloaded': 'Dieses Modell wird nicht geladen',
  'the base model is being opened; try again in a moment':
    'Das Basismodell wird geöffnet; versuchen Sie es gleich noch einmal',
  'the base model cannot be opened: {}': 'Das Basismodell lässt sich nicht öffnen: {}',
  'the label has more than {} characters; give a shorter one':
    'Die Beschriftung hat mehr als {} Zeichen; geben Sie eine kürzere',
  'no face was found in this image, so it cannot be cropped; export it as generated':
    'Auf diesem Bild wurde kein Gesicht gefunden, daher lässt es sich nicht zuschneiden; exportieren Sie es, wie '
    + 'es ist',
  'the files of this person cannot be read or written: {}; check the disk of the store':
    'Die Dateien dieser Person lassen sich nicht lesen oder schreiben: {}; prüfen Sie die Festplatte des Speichers',
  'this studio has no such adapter; known: {}': 'Dieses Studio hat diesen Adapter nicht; bekannt: {}',
  'the adapter {} needs more files; start the studio with --ip-adapter and --{}':
    'Der Adapter {} braucht weitere Dateien; starten Sie das Studio mit --ip-adapter und --{}',
  '{} has no ControlNet of its own; start the studio without --identity-controlnet':
    '{} hat kein eigenes ControlNet; starten Sie das Studio ohne --identity-controlnet',
  'the studio is being closed': 'Das Studio wird geschlossen',
  'this person has no photos; add photos first': 'Diese Person hat keine Fotos; fügen Sie zuerst Fotos hinzu',
  'unknown method; known: lora, references, adapter': 'Unbekannte Methode; bekannt: lora, references, adapter',
  'unknown preset; known: quick, balanced, best': 'Unbekannte Voreinstellung; bekannt: quick, balanced, best',
  'no training is paused; start one': 'Kein Training ist angehalten; starten Sie eines',
  'this person is already in training': 'Diese Person wird schon trainiert',
  'no training of this person is running': 'Kein Training dieser Person läuft',
  'there is no preview of this training yet': 'Es gibt noch keine Vorschau dieses Trainings',
  'this person has no image {}': 'Diese Person hat kein Bild {}',
  'record.json has no settings of image {}, so it can only be looked at and exported; generate it again':
    'record.json hat keine Einstellungen von Bild {}, daher lässt es sich nur ansehen und exportieren; erzeugen '
    + 'Sie es noch einmal',
  'unknown choice; known: keep, drop, none': 'Unbekannte Wahl; bekannt: keep, drop, none',
  'the studio has no LoRA with this name; start it with --lora FILE for each file':
    'Das Studio hat keine LoRA mit diesem Namen; starten Sie es mit --lora FILE für jede Datei',
  'the number of steps must be 1 to {}, got {}': 'Die Zahl der Schritte muss 1 bis {} sein, nicht {}',
  'there are {} reference images, which is the limit; remove them before you add more':
    'Es gibt {} Referenzbilder, und das ist die Grenze; entfernen Sie sie, bevor Sie weitere hinzufügen',
  'a grid is being generated; wait, or stop it': 'Ein Raster wird erzeugt; warten Sie, oder halten Sie es an',
  'a prompt may have at most {} characters; give a shorter one':
    'Ein Prompt darf höchstens {} Zeichen haben; geben Sie einen kürzeren',
  'a grid has 1 to {} images, got {} rows of {}': 'Ein Raster hat 1 bis {} Bilder, nicht {} Zeilen mit je {}',
  'the rows of the grid have no values; give some, or choose no axis':
    'Die Zeilen des Rasters haben keine Werte; geben Sie welche, oder wählen Sie keine Achse',
  ['the rows differ in the weight of all LoRAs, but no LoRA has a weight; give a weight to at least one LoRA, or '
    + 'choose another axis']:
    'Die Zeilen unterscheiden sich im Gewicht aller LoRAs, aber keine LoRA hat ein Gewicht; geben Sie mindestens '
    + 'einer ein Gewicht, oder wählen Sie eine andere Achse',
  'unknown axis; known: steps, guidance, scheduler, lora':
    'Unbekannte Achse; bekannt: steps, guidance, scheduler, lora',
  'a value of the axis {} is not a number; separate numbers by commas':
    'Ein Wert der Achse {} ist keine Zahl; trennen Sie Zahlen durch Kommas',
  'no grid is being generated': 'Kein Raster wird erzeugt',
  'give a pose, or keypoints of a photo, but not both':
    'Geben Sie eine Haltung oder die Punkte eines Fotos an, nicht beides',
  'unknown pose; known: {}': 'Unbekannte Haltung; bekannt: {}',
  'the keypoints have no number {} up to {}; give those that were read from a photo':
    'Den Punkten fehlt die Zahl {} bis {}; geben Sie die an, die aus einem Foto gelesen wurden',
  ['the pose of a photo is read by the face detector {}, which is not on this machine; get it on the page Models, '
    + 'or choose a pose by its name']:
    'Die Haltung auf einem Foto liest der Gesichtsdetektor {}, der nicht auf diesem Rechner ist; laden Sie ihn auf der '
    + 'Seite Modelle, oder wählen Sie eine Haltung nach ihrem Namen',
  'no face was found in the photo; give a photo with space around the face, or choose a pose by its name':
    'Auf dem Foto wurde kein Gesicht gefunden; nehmen Sie ein Foto mit Platz um das Gesicht, oder wählen Sie eine '
    + 'Haltung nach ihrem Namen',
  ['the identity {} has no ControlNet that sets the pose of the head; leave the pose out, or encode the photos for an '
    + 'adapter that has one']:
    'Die Identität {} hat kein ControlNet, das die Haltung des Kopfes bestimmt; lassen Sie die Haltung weg, oder '
    + 'kodieren Sie die Fotos für einen Adapter, der eines hat',
  'no grid is stopped; start one': 'Kein Raster ist angehalten; beginnen Sie eines',
  'the newest grid has no image {}': 'Das neueste Raster hat kein Bild {}',
  'there is no preview now': 'Es gibt jetzt keine Vorschau',
  'image {} has no version {}': 'Bild {} hat keine Version {}',
  'the words for {} may have at most {} characters': 'Die Worte für {} dürfen höchstens {} Zeichen haben',
  'the words for the painted region may have at most {} characters':
    'Die Worte für den gemalten Bereich dürfen höchstens {} Zeichen haben',
  'this image has {} versions, which is the limit; take some back':
    'Dieses Bild hat {} Versionen, und das ist die Grenze; nehmen Sie einige zurück',
  'this image is already being edited; wait or cancel':
    'Dieses Bild wird schon geändert; warten Sie, oder halten Sie es an',
  'the mask is not a PNG file in base64': 'Die Maske ist keine PNG-Datei in base64',
  'the mask has {} pixels and the image {}; send a mask of the image\'s size':
    'Die Maske hat {} Pixel und das Bild {}; senden Sie eine Maske in der Größe des Bildes',
  'this edit changes nothing; give words for a part, or paint a region':
    'Diese Änderung ändert nichts; geben Sie Worte für einen Teil, oder malen Sie einen Bereich',
  'this image is not being edited': 'Dieses Bild wird nicht geändert',
  'no edit of this image was stopped': 'Keine Änderung dieses Bildes wurde angehalten',
  'this image is being edited; wait or cancel': 'Dieses Bild wird geändert; warten Sie, oder halten Sie es an',
  'this image was not edited': 'Dieses Bild wurde nicht geändert',
  'the images are still being checked; try again soon':
    'Die Bilder werden noch geprüft; versuchen Sie es bald noch einmal',
  'this person is not in the store, or was erased': 'Diese Person ist nicht im Speicher, oder sie wurde gelöscht',
  'the name of the person in the photos must have 1 to {} characters; give a name':
    'Der Name der Person auf den Fotos muss 1 bis {} Zeichen haben; geben Sie einen Namen',
  'the name must have 1 to {} characters; give a name': 'Der Name muss 1 bis {} Zeichen haben; geben Sie einen Namen',
  'this photo is not one of the sample photos; add a person with consent for photos of a real person':
    'Dieses Foto ist keines der Beispielfotos; für Fotos einer wirklichen Person fügen Sie eine Person mit '
    + 'Einwilligung hinzu',
  'this person has {} photos, which is the limit; remove photos before you add more':
    'Diese Person hat {} Fotos, und das ist die Grenze; entfernen Sie Fotos, bevor Sie weitere hinzufügen',
  'the photo was removed while it was added; add it again':
    'Das Foto wurde entfernt, während es hinzugefügt wurde; fügen Sie es noch einmal hinzu',
  'the photos are in use; pause the training first': 'Die Fotos werden benutzt; halten Sie zuerst das Training an',
  'there is no such photo; it may have been removed: reload the page':
    'Dieses Foto gibt es nicht; vielleicht wurde es entfernt: Laden Sie die Seite neu',
  'a shoot needs at least one style, 1 to {} images and 1 to {} steps':
    'Eine Aufnahme braucht mindestens einen Stil, 1 bis {} Bilder und 1 bis {} Schritte',
  'outfit and backdrop may have at most {} characters each':
    'Kleidung und Hintergrund dürfen je höchstens {} Zeichen haben',
  'this shoot is already running': 'Diese Aufnahme läuft schon',
  'there is no preview of this shoot now': 'Es gibt jetzt keine Vorschau dieser Aufnahme',
  'this shoot is not running': 'Diese Aufnahme läuft nicht',
  'this person has no such shoot': 'Diese Person hat diese Aufnahme nicht',
  // Consents that the studio records.
  ['{} agreed in the studio that photos are kept encrypted until the training ends, that a model of the face is '
    + 'trained, and that headshots are generated and kept until they are erased']:
    '{} willigte im Studio ein, dass Fotos verschlüsselt aufbewahrt werden, bis das Training endet, dass ein Modell des '
    + 'Gesichts trainiert wird, und dass Porträts erzeugt und aufbewahrt werden, bis sie gelöscht werden',
  'nobody real is shown: the photos were rendered': 'niemand Wirkliches ist zu sehen: die Fotos wurden gerendert',
  // Styles, with the words of their first variants.
  'Studio': 'Studio',
  'Office': 'Büro',
  'Outdoor': 'Draußen',
  'Black and white': 'Schwarz-weiß',
  'Corporate': 'Unternehmen',
  'LinkedIn profile': 'LinkedIn-Profil',
  'CEO': 'Geschäftsführung',
  'Minimalist studio': 'Schlichtes Studio',
  'Creative': 'Kreativ',
  'Academic': 'Wissenschaft',
  'Medical': 'Medizin',
  'Legal': 'Recht',
  'Finance': 'Finanzen',
  'Startup': 'Start-up',
  'Consultant': 'Beratung',
  'Real estate agent': 'Immobilien',
  'Teacher': 'Schule',
  'Casual': 'Freizeit',
  'Golden hour': 'Abendsonne',
  'City street': 'Straße',
  'Garden': 'Garten',
  'Evening lights': 'Abendlichter',
  'Actor': 'Schauspiel',
  'Musician': 'Musik',
  'Dating profile': 'Dating-Profil',
  'Passport-like': 'Wie im Pass',
  'Conference speaker': 'Vortrag',
  'Author': 'Autorenporträt',
  'Studio colour': 'Studio in Farbe',
  'Blue studio': 'Blaues Studio',
  'a charcoal blazer': 'ein anthrazitfarbener Blazer',
  'gray background': 'grauer Hintergrund',
  'a navy blazer': 'ein dunkelblauer Blazer',
  'office background': 'Büro im Hintergrund',
  'a beige sweater': 'ein beiger Pullover',
  'park': 'Park',
  'a black turtleneck': 'ein schwarzer Rollkragenpullover',
  'gray gradient background': 'grauer Verlauf im Hintergrund',
  'a navy suit and tie': 'dunkelblauer Anzug mit Krawatte',
  'a light blue shirt': 'ein hellblaues Hemd',
  'white background': 'weißer Hintergrund',
  'a charcoal suit and tie': 'anthrazitfarbener Anzug mit Krawatte',
  'charcoal background': 'anthrazitfarbener Hintergrund',
  'teal background': 'petrolfarbener Hintergrund',
  'a brown blazer': 'ein brauner Blazer',
  'bookshelves': 'Bücherregale',
  'a white shirt': 'ein weißes Hemd',
  'a black suit and tie': 'schwarzer Anzug mit Krawatte',
  'a gray t-shirt': 'ein graues T-Shirt',
  'city street': 'Straße',
  'a green sweater': 'ein grüner Pullover',
  'a white t-shirt': 'ein weißes T-Shirt',
  'beige background': 'beiger Hintergrund',
  'a white blouse': 'eine weiße Bluse',
  'a black blazer': 'ein schwarzer Blazer',
  'bokeh lights': 'Lichter im Bokeh',
  'a black t-shirt': 'ein schwarzes T-Shirt',
  'black background': 'schwarzer Hintergrund',
  'a blue sweater': 'ein blauer Pullover',
  'a gray sweater': 'ein grauer Pullover',
  'red background': 'roter Hintergrund',
  'blue background': 'blauer Hintergrund',
  // Purposes of models.
  'the smallest base for photographs; needs little memory for a training':
    'das kleinste Basismodell für Fotografien; trainiert mit wenig Speicher',
  'portraits of people, fine-tuned from Stable Diffusion 1.5':
    'Porträts von Menschen, weitertrainiert aus Stable Diffusion 1.5',
  'inpainting and outpainting': 'Inpainting und Outpainting',
  'images in few steps: a latent consistency model': 'wenige Schritte: ein Latent Consistency Model',
  'images of 768 pixels, with one text encoder': '768 Pixel mit einem Text-Encoder',
  'images of 1024 pixels; the base of many fine-tunes for portraits':
    '1024 Pixel; die Grundlage der meisten weitertrainierten Porträtmodelle',
  'portraits of people, fine-tuned from SDXL': 'Porträts von Menschen, weitertrainiert aus SDXL',
  'the last steps of an SDXL image': 'die letzten Schritte eines SDXL-Bildes',
  'inpainting and outpainting at 1024 pixels': 'Inpainting und Outpainting mit 1024 Pixeln',
  'images of 1024 pixels with strong contrast': '1024 Pixel mit starkem Kontrast',
  'images of 1024 pixels from long prompts': 'lange Prompts, mit 1024 Pixeln',
  'long prompts; needs less memory than SD 3.5 Large': 'lange Prompts, mit weniger Speicher als SD 3.5 Large',
  'images in few steps, with a licence without conditions': 'wenige Schritte, und eine Lizenz ohne Bedingungen',
  'detailed photographs; many people train LoRAs on it': 'detailreiche Fotografien; viele trainieren LoRAs darauf',
  'editing a photo by an instruction, with one reference image':
    'ein Foto nach einer Anweisung bearbeiten, mit einem Referenzbild',
  'enlarges images four times': 'vergrößert Bilder vierfach',
  'one person from one photo, with infusenet': 'eine Person aus einem Foto, mit infusenet',
  'one person from one photo, with instantid-controlnet and antelopev2':
    'eine Person aus einem Foto, mit instantid-controlnet und antelopev2',
  'one person from several photos, with the face embedder w600k_r50.onnx':
    'eine Person aus mehreren Fotos, mit der Gesichtserkennung w600k_r50.onnx',
  'one person from several photos, without a face embedder': 'eine Person aus mehreren Fotos, ohne Gesichtserkennung',
  'one person, with eva02-clip-l-336, a face parser and antelopev2':
    'eine Person, mit eva02-clip-l-336, einem Netz, das Gesichter zerlegt, und antelopev2',
  'the face embedder of instantid and pulid; not that of auraface, which has the same name':
    'die Gesichtserkennung von instantid und pulid; nicht die von auraface, die ebenso heißt',
  'the keypoints of a face, for instantid': 'die Punkte eines Gesichts, für instantid',
  'the person of infiniteyou, and the keypoints of the face': 'die Person von infiniteyou und die Punkte des Gesichts',
  'the vision tower of PuLID': 'das Bildnetz von PuLID',
  'editing with several reference images, in four steps': 'bearbeiten mit mehreren Referenzbildern, in vier Schritten',
  'training a person, for images with klein-4b': 'eine Person trainieren, für Bilder mit klein-4b',
  'training a person, for images with the 9B model': 'eine Person trainieren, für Bilder mit dem 9B-Modell',
  'photographs in few steps': 'Fotografien in wenigen Schritten',
  'a base for fine-tuning, without a filter': 'ein Basismodell zum Weitertrainieren, ohne Filter',
  'four to six steps with the LCM scheduler': 'vier bis sechs Schritte mit dem LCM-Scheduler',
  'two to eight steps with the LCM scheduler': 'zwei bis acht Schritte mit dem LCM-Scheduler',
  'four steps on any SDXL base': 'vier Schritte auf jedem SDXL-Basismodell',
  'added to Z-Image-Turbo while a person is trained, and left out of images':
    'eingefügt, solange eine Person auf Z-Image-Turbo trainiert wird, und bei Bildern weggelassen',
  'a face from a reference image': 'ein Gesicht aus einem Referenzbild',
  'the image encoder (ViT-H) of ip-adapter-face-sd15 and ip-adapter-face-sdxl':
    'der Bild-Encoder (ViT-H) von ip-adapter-face-sd15 und ip-adapter-face-sdxl',
  'edges': 'Kanten',
  'poses': 'Posen',
  'edges, poses, depth and more in one file': 'Kanten, Posen, Tiefe und mehr in einer Datei',
  'previews, and face guidance': 'Vorschauen und Face Guidance',
  'previews, and face guidance; for Z-Image and Chroma too': 'Vorschauen und Face Guidance; auch für Z-Image und Chroma',
  'finds faces and five landmarks': 'findet Gesichter und fünf Punkte darin',
  'likeness; it cannot guide faces': 'Ähnlichkeit; kann Gesichter nicht führen',
  'likeness and face guidance; the other files of the repository are not free for commercial use':
    'Ähnlichkeit und Face Guidance; die anderen Dateien des Repositorys sind nicht frei für kommerzielle Nutzung',
};

/**
 * Returns the German of a text that a table has, with the values of its places; null if none fits.
 * @param {Record<string, string>} table
 * @param {string} place
 * @param {string} text
 * @param {(value: string) => string} value
 * @returns {string | null}
 */
function fill(table, place, text, value) {
  for (const [english, german] of Object.entries(table)) {
    if (!english.includes(place)) {
      if (english === text) {
        return german;
      }
      continue;
    }
    const pattern = english.split(place).map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join(place === '#' ? '([a-z]+|[0-9]+)' : '(.+?)');
    const found = new RegExp(`^${pattern}$`).exec(text);
    if (found) {
      const values = found.slice(1).map(value);
      return german.replaceAll(place, () => values.shift() ?? '');
    }
  }
  return null;
}

/** @param {string} text */
function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

/**
 * Returns the German of one sentence, or null. Reports make sentences of the clauses of scores.
 * @param {string} text
 * @returns {string | null}
 */
function sentence(text) {
  if (/^-?[0-9]+\.[0-9]+$/.test(text)) {
    return text.replace('.', ',');
  }
  const advised = fill(advice, '#', text, word => numbers[word] ?? word);
  const whole = fill(sentences, '{}', text, part => translate(part) ?? part);
  if (whole !== null || advised !== null) {
    return whole ?? capital(advised ?? '');
  }
  if (!/^[A-Z].*\.$/s.test(text)) {
    return null;
  }
  const clause = text[0].toLowerCase() + text.slice(1, -1);
  const german = fill(sentences, '{}', clause, part => translate(part) ?? part)
    ?? fill(advice, '#', clause, word => numbers[word] ?? word);
  return german === null ? null : `${capital(german).replace(/\.$/, '')}.`;
}

/** @type {Map<string, string | null>} */
const translated = new Map();

/**
 * Returns the German of what the library or the server says; null if a part of it is not known.
 * @param {string} text
 * @returns {string | null}
 */
export function translate(text) {
  if (!translated.has(text)) {
    const parts = text.split(/(?<=[.!?]) (?=[A-Z])/).map(part => sentence(part));
    translated.set(text, parts.includes(null) ? sentence(text) : parts.join(' '));
  }
  return translated.get(text) ?? null;
}
