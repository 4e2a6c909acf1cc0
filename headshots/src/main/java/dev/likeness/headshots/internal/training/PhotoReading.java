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
 * @param attributes the words of each slot
 * @param probabilities of each of them, 0 to 1
 */
record PhotoReading(Map<String, List<String>> attributes, Map<String, float[]> probabilities) {
  /** How sure a word for a scene has to be. */
  static final double MIN_PROBABILITY = 0.7;

  private static final String PHASE = "describe";
  // Colours first: an outfit is said where its colour is.
  private static final List<String> SCENE_ATTRIBUTES =
      List.of("outfit colour", "backdrop colour", "light", "backdrop", "outfit");

  /**
   * A word and how likely it is.
   *
   * @param probability 0 to 1
   */
  private record Word(String text, double probability) {}

  /**
   * Of each of {@code crops}; empty where the base brings no reader.
   *
   * @throws InvalidInputException when it lacks a slot of profiles or scenes
   */
  static List<PhotoReading> of(
      BaseModel base, List<RgbImage> crops, Progress progress, Cancellation cancellation) {
    try (PhotoReader reader = base.folder().flatMap(PhotoReader::find).orElse(null)) {
      if (reader == null) {
        return List.of();
      }
      requireAttributes(reader);
      progress.onEvent(new ProgressEvent.Phase(PHASE, crops.size()));
      List<PhotoReading> readings = new ArrayList<>();
      for (RgbImage crop : crops) {
        cancellation.throwIfCancelled();
        readings.add(new PhotoReading(reader.attributes(), reader.read(crop)));
        progress.onEvent(new ProgressEvent.Step(PHASE, readings.size(), crops.size(), Double.NaN));
      }
      return List.copyOf(readings);
    }
  }

  private static void requireAttributes(PhotoReader reader) {
    List<String> missing = Stream.concat(
            ProfileVocabulary.attributes().stream().map(ProfileVocabulary.Attribute::name),
            SCENE_ATTRIBUTES.stream())
        .filter(slot -> !reader.attributes().containsKey(slot))
        .toList();
    if (!missing.isEmpty()) {
      throw new InvalidInputException(
          reader.source() + ": \"slots\" lacks " + String.join(", ", missing)
              + ", expected all of profiles and scenes; take a reader that has them, or the folder away");
    }
  }

  /** The likeliest word of a slot over photos of the same person. */
  private static Word best(List<PhotoReading> photos, String slot) {
    List<String> words = photos.get(0).attributes.get(slot);
    return IntStream.range(0, words.size())
        .mapToObj(i -> new Word(words.get(i), meanProbability(photos, slot, i)))
        .max(Comparator.comparingDouble(Word::probability))
        .orElseThrow();
  }

  /** The profile that photos of the same person give, beyond what is {@code known}. */
  static PersonProfile profile(List<PhotoReading> photos, PersonProfile known) {
    PersonProfile profile = known;
    for (ProfileVocabulary.Attribute slot : ProfileVocabulary.attributes()) {
      boolean asked = profile.trait(slot.name()).isEmpty()
          && profile.vocabulary(0).isApplicable(slot)
          && !(slot.name().equals("colour")
              && profile
                  .trait("hair")
                  .filter(hair -> !hair.value().contains("#"))
                  .isPresent());
      if (asked) {
        Word best = best(photos, slot.name());
        Word word = slot.name().equals("hair") ? orAnyHair(photos, best) : best;
        profile = profile.with(new PersonProfile.Trait(
            slot.name(),
            word.text,
            Math.min(1, word.probability),
            PersonProfile.Trait.Source.PHOTOS));
      }
    }
    return profile;
  }

  /** Hair of no certain style, where there is some to see: its colour is said of it. */
  private static Word orAnyHair(List<PhotoReading> photos, Word best) {
    List<String> words = photos.get(0).attributes.get("hair");
    double any = IntStream.range(0, words.size())
        .filter(word -> words.get(word).contains("#"))
        .mapToDouble(word -> meanProbability(photos, "hair", word))
        .sum();
    return best.probability < PersonProfile.MIN_CONFIDENCE && any >= PersonProfile.MIN_CONFIDENCE
        ? new Word("# hair", any)
        : best;
  }

  private static double meanProbability(List<PhotoReading> photos, String slot, int word) {
    return photos.stream()
        .mapToDouble(photo -> photo.probabilities.get(slot)[word])
        .average()
        .orElseThrow();
  }

  /**
   * What this photo shows beside the person, as far as at least so sure; a colour is said of the
   * likeliest garment.
   */
  SceneWords scene(double sure) {
    SceneWords words = SceneWords.EMPTY;
    for (String slot : SCENE_ATTRIBUTES) {
      Word best = best(List.of(this), slot);
      boolean needed = slot.equals("outfit") && !words.word("outfit colour").isEmpty();
      if (best.probability >= sure || needed) {
        words = words.with(slot, best.text);
      }
    }
    return words;
  }
}
