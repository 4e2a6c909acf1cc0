package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.progress.ProgressEvent;
import dev.likeness.lora.Subject;
import java.util.List;

/**
 * Finds words for a person by asking the base model itself: of several captions, the one under which it predicts the
 * noise in their photos best is the one it would draw them by (Li et al. 2023, arXiv:2303.16203, algorithm 1), slot by
 * slot. A base too large to ask some fifty times gets a rare word to learn instead.
 */
final class PersonDescription {
  // Latent positions of a picture up to which fifty looks take seconds on a CPU.
  private static final int SMALL = 32 * 32;

  private PersonDescription() {}

  /** Whether the base draws pictures small enough to ask it often. */
  static boolean isSmall(BaseModel base) {
    int factor = base.parts().autoencoder().factor();
    return base.defaults().width() / factor * (base.defaults().height() / factor) <= SMALL;
  }

  /** What to call the person in {@code crops}. */
  static Subject of(BaseModel base, List<Picture> crops, Progress progress, Cancellation cancellation) {
    if (!isSmall(base)) {
      return Subject.of("person");
    }
    int slots = PersonWords.slots().size();
    progress.on(new ProgressEvent.Phase("describe", slots));
    try (CaptionFit fit = new CaptionFit(base, crops)) {
      PersonWords words = PersonWords.NONE;
      int done = 0;
      for (PersonWords.Slot slot : PersonWords.slots()) {
        words = words.admits(slot) ? best(fit, words, slot, cancellation) : words;
        progress.on(new ProgressEvent.Step("describe", ++done, slots, Double.NaN));
      }
      return new Subject("", words.phrase(), "");
    }
  }

  private static PersonWords best(CaptionFit fit, PersonWords words, PersonWords.Slot slot, Cancellation cancellation) {
    PersonWords best = null;
    double least = Double.POSITIVE_INFINITY;
    for (String choice : slot.words()) {
      cancellation.check();
      PersonWords tried = words.with(slot.name(), choice);
      double error = fit.error("selfie of " + tried.phrase());
      if (error < least) {
        least = error;
        best = tried;
      }
    }
    return best;
  }
}
