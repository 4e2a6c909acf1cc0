package dev.likeness.lora;

import java.util.List;
import java.util.stream.Stream;

/**
 * The captions of a training: the person's, then the class's, one for one.
 *
 * @param person every template with the person's phrase
 * @param others every template with the class word alone
 */
record CaptionBook(List<String> person, List<String> others) {
  static CaptionBook of(LoraTraining settings, Subject subject) {
    return new CaptionBook(settings.captions().stream().map(c -> c.replace("%s", subject.phrase())).toList(),
        settings.captions().stream().map(c -> c.replace("%s", subject.classWord())).toList());
  }

  /** How many the person has. */
  int count() {
    return person.size();
  }

  List<String> all() {
    return Stream.concat(person.stream(), others.stream()).toList();
  }

  /** Indices into {@link #all} of the captions drawn for a batch whose first {@code own} pictures are the person's. */
  int[] chosen(int[] drawn, int own) {
    int[] indices = drawn.clone();
    for (int i = own; i < indices.length; i++) {
      indices[i] += count();
    }
    return indices;
  }
}
