package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.internal.photo.PhotoReader;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.ProfileVocabulary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a base's own reader says of one photo: for each slot how likely each of its words is.
 *
 * @param slots the words of each slot
 * @param likely of each of them, 0 to 1
 */
record PhotoReading(Map<String, List<String>> slots, Map<String, float[]> likely) {
  /** How sure a word for a scene has to be. */
  static final double SURE = 0.7;

  private static final String PHASE = "describe";
  // Colours first: an outfit is said where its colour is.
  private static final List<String> SCENE =
      List.of("outfit colour", "backdrop colour", "light", "backdrop", "outfit");

  /**
   * A word and how likely it is.
   *
   * @param share 0 to 1
   */
  private record Word(String text, double share) {}

  /**
   * Of each of {@code crops}; empty where the base brings no reader.
   *
   * @throws InvalidInputException when it lacks a slot of profiles or scenes
   */
  static List<PhotoReading> of(
      BaseModel base, List<RgbImage> crops, Progress progress, Cancellation cancellation) {
    try (PhotoReader reader = base.folder().flatMap(PhotoReader::in).orElse(null)) {
      if (reader == null) {
        return List.of();
      }
      requireSlots(reader);
      progress.on(new ProgressEvent.Phase(PHASE, crops.size()));
      List<PhotoReading> readings = new ArrayList<>();
      for (RgbImage crop : crops) {
        cancellation.check();
        readings.add(new PhotoReading(reader.slots(), reader.read(crop)));
        progress.on(new ProgressEvent.Step(PHASE, readings.size(), crops.size(), Double.NaN));
      }
      return List.copyOf(readings);
    }
  }

  private static void requireSlots(PhotoReader reader) {
    List<String> missing = Stream.concat(
            ProfileVocabulary.slots().stream().map(ProfileVocabulary.Slot::name), SCENE.stream())
        .filter(slot -> !reader.slots().containsKey(slot))
        .toList();
    if (!missing.isEmpty()) {
      throw new InvalidInputException(
          reader.where() + ": \"slots\" lacks " + String.join(", ", missing)
              + ", expected all of profiles and scenes; take a reader that has them, or the folder away");
    }
  }

  /** The likeliest word of a slot over photos of the same person. */
  private static Word best(List<PhotoReading> photos, String slot) {
    List<String> words = photos.get(0).slots.get(slot);
    return IntStream.range(0, words.size())
        .mapToObj(i -> new Word(words.get(i), share(photos, slot, i)))
        .max(Comparator.comparingDouble(Word::share))
        .orElseThrow();
  }

  /** The profile that photos of the same person give, beyond what is {@code known}. */
  static PersonProfile profile(List<PhotoReading> photos, PersonProfile known) {
    PersonProfile profile = known;
    for (ProfileVocabulary.Slot slot : ProfileVocabulary.slots()) {
      boolean asked = profile.trait(slot.name()).isEmpty()
          && profile.words(0).admits(slot)
          && !(slot.name().equals("colour")
              && profile
                  .trait("hair")
                  .filter(hair -> !hair.value().contains("#"))
                  .isPresent());
      if (asked) {
        Word best = best(photos, slot.name());
        Word word = slot.name().equals("hair") ? orAnyHair(photos, best) : best;
        profile = profile.with(new PersonProfile.Trait(
            slot.name(), word.text, Math.min(1, word.share), PersonProfile.Trait.Source.PHOTOS));
      }
    }
    return profile;
  }

  /** Hair of no certain style, where there is some to see: its colour is said of it. */
  private static Word orAnyHair(List<PhotoReading> photos, Word best) {
    List<String> words = photos.get(0).slots.get("hair");
    double any = IntStream.range(0, words.size())
        .filter(word -> words.get(word).contains("#"))
        .mapToDouble(word -> share(photos, "hair", word))
        .sum();
    return best.share < PersonProfile.SURE && any >= PersonProfile.SURE
        ? new Word("# hair", any)
        : best;
  }

  private static double share(List<PhotoReading> photos, String slot, int word) {
    return photos.stream()
        .mapToDouble(photo -> photo.likely.get(slot)[word])
        .average()
        .orElseThrow();
  }

  /**
   * What this photo shows beside the person, as far as at least so sure; a colour is said of the
   * likeliest garment.
   */
  SceneWords scene(double sure) {
    SceneWords words = SceneWords.NONE;
    for (String slot : SCENE) {
      Word best = best(List.of(this), slot);
      boolean needed = slot.equals("outfit") && !words.word("outfit colour").isEmpty();
      if (best.share >= sure || needed) {
        words = words.with(slot, best.text);
      }
    }
    return words;
  }
}
