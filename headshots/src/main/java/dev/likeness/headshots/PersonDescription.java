package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.PixelTraits;
import dev.likeness.headshots.person.ProfileVocabulary;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.photos.AcceptedPhoto;
import java.util.List;

/**
 * Finds words for a person, where the base brings no reader of photos, by asking the base model
 * itself: of several captions, the one under which it predicts the noise in their photos best is
 * the one it would draw them by (Li et al. 2023, arXiv:2303.16203, algorithm 1), slot by slot. For
 * a base too large to ask some fifty times they are measured on the photos, beside a rare word to
 * learn.
 */
public final class PersonDescription {
  // Latent positions of a picture up to which fifty looks take seconds on a CPU.
  private static final int SMALL = 32 * 32;

  private PersonDescription() {}

  /** Whether the base draws pictures small enough to ask it often. */
  public static boolean isSmall(BaseModel base) {
    int factor = base.parts().autoencoder().factor();
    return base.defaults().width() / factor * (base.defaults().height() / factor) <= SMALL;
  }

  /**
   * What prompts call somebody of this profile: a small base knows the words, another learns a new
   * one.
   */
  public static PersonToken subject(BaseModel base, PersonProfile profile) {
    String phrase = profile.phrase();
    return isSmall(base)
        ? new PersonToken("", phrase, "")
        : PersonToken.of(phrase.substring(phrase.indexOf(' ') + 1));
  }

  /** How the person in {@code crops} of {@code photos} looks, beyond what is known. */
  public static PersonProfile of(
      BaseModel base,
      List<AcceptedPhoto> photos,
      List<RgbImage> crops,
      PersonProfile known,
      Progress progress,
      Cancellation cancellation) {
    if (!isSmall(base)) {
      return PixelTraits.of(photos, known);
    }
    int slots = ProfileVocabulary.slots().size();
    progress.on(new ProgressEvent.Phase("describe", slots));
    try (CaptionFit fit = new CaptionFit(base, crops)) {
      PersonProfile profile = known;
      int done = 0;
      for (ProfileVocabulary.Slot slot : ProfileVocabulary.slots()) {
        ProfileVocabulary words = profile.words(0);
        boolean asked =
            profile.trait(slot.name()).isEmpty() && !slot.words().isEmpty() && words.admits(slot);
        profile = asked ? profile.with(best(fit, words, slot, cancellation)) : profile;
        progress.on(new ProgressEvent.Step("describe", ++done, slots, Double.NaN));
      }
      return profile;
    }
  }

  private static PersonProfile.Trait best(
      CaptionFit fit,
      ProfileVocabulary words,
      ProfileVocabulary.Slot slot,
      Cancellation cancellation) {
    List<String> captions = slot.words().stream()
        .map(word -> "selfie of " + words.with(slot.name(), word).phrase())
        .toList();
    CaptionRace race = CaptionRace.of(fit::errors, CaptionFit.PICTURES, captions, cancellation);
    return new PersonProfile.Trait(
        slot.name(),
        slot.words().get(race.best()),
        race.confidence(),
        PersonProfile.Trait.Source.BASE_MODEL);
  }
}
