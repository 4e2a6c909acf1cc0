package dev.likeness.lora.internal.training;

import dev.likeness.lora.LoraTraining;
import dev.likeness.lora.training.TrainingSet;
import java.util.ArrayList;
import java.util.List;

/**
 * The captions of a training.
 *
 * @param all every template with the person's phrase, every picture's own caption, the first
 *     template with the class word, by which class pictures are drawn
 * @param count how many templates there are
 * @param own for each picture the place of its own caption, or -1
 */
record CaptionBook(List<String> all, int count, int[] own) {
  static CaptionBook of(LoraTraining settings, TrainingSet set) {
    List<String> all = new ArrayList<>();
    settings
        .captions()
        .forEach(template -> all.add(template.replace("%s", set.subject().phrase())));
    int[] own = new int[set.pictures().size()];
    for (int i = 0; i < own.length; i++) {
      own[i] = set.pictures().get(i).caption().isPresent() ? all.size() : -1;
      set.pictures()
          .get(i)
          .caption()
          .ifPresent(text -> all.add(text.replace("%s", set.subject().phrase())));
    }
    all.add(ofClass(settings, set));
    return new CaptionBook(List.copyOf(all), settings.captions().size(), own);
  }

  /** What class pictures are drawn by, and called. */
  static String ofClass(LoraTraining settings, TrainingSet set) {
    return settings.captions().get(0).replace("%s", set.subject().classWord());
  }

  /**
   * Places in {@link #all} of the captions of a batch.
   *
   * @param drawn a template for each picture
   * @param pictures which pictures of the set the first of them are; the others are of the class
   */
  int[] chosen(int[] drawn, int[] pictures) {
    int[] places = drawn.clone();
    for (int i = 0; i < places.length; i++) {
      if (i >= pictures.length) {
        places[i] = all.size() - 1;
      } else if (own[pictures[i]] >= 0) {
        places[i] = own[pictures[i]];
      }
    }
    return places;
  }
}
