package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.internal.photo.Captioner;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.ProfileVocabulary;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The words that a base's captioner found in one photo.
 *
 * @param attributes the words of each attribute
 * @param probabilities for each attribute the probabilities of its words, 0 to 1
 */
record PhotoWords(Map<String, List<String>> attributes, Map<String, float[]> probabilities) {
  /** The lowest probability of a word for the scene. */
  static final double MIN_PROBABILITY = 0.7;

  private static final String PHASE = "describe";
  // Colours come first, because an outfit needs its colour.
  private static final List<String> SCENE_ATTRIBUTES =
      List.of("outfit colour", "backdrop colour", "light", "backdrop", "outfit");

  /** A word and its probability, 0 to 1. */
  private record Word(String text, double probability) {}

  /**
   * Reads each crop; empty if the base has no captioner.
   *
   * @throws InvalidInputException if the captioner lacks an attribute of profiles or scenes
   */
  static List<PhotoWords> of(BaseModel base, List<RgbImage> crops, Run run) {
    try (Captioner captioner = base.folder().flatMap(Captioner::find).orElse(null)) {
      if (captioner == null) {
        return List.of();
      }
      requireAttributes(captioner);
      run.progress().onEvent(new ProgressEvent.Phase(PHASE, crops.size()));
      List<PhotoWords> photos = new ArrayList<>();
      for (RgbImage crop : crops) {
        run.cancellation().throwIfCancelled();
        photos.add(new PhotoWords(captioner.attributes(), captioner.describe(crop)));
        run.progress().onEvent(new ProgressEvent.Step(PHASE, photos.size(), crops.size()));
      }
      return List.copyOf(photos);
    }
  }

  private static void requireAttributes(Captioner captioner) {
    List<String> missing = Stream.concat(
            ProfileVocabulary.attributes().stream().map(ProfileVocabulary.Attribute::name),
            SCENE_ATTRIBUTES.stream())
        .filter(attribute -> !captioner.attributes().containsKey(attribute))
        .toList();
    if (!missing.isEmpty()) {
      throw new InvalidInputException(
          captioner.source() + ": \"attributes\" lacks " + String.join(", ", missing)
              + ", which profiles and scenes need; use a complete captioner, or remove its folder");
    }
  }

  /** The most probable word of an attribute over photos of one person. */
  private static Word best(List<PhotoWords> photos, String attribute) {
    List<String> words = photos.get(0).attributes.get(attribute);
    return IntStream.range(0, words.size())
        .mapToObj(i -> new Word(words.get(i), meanProbability(photos, attribute, i)))
        .max(Comparator.comparingDouble(Word::probability))
        .orElseThrow();
  }

  /** Adds traits that are not {@code known} yet from photos of one person. */
  static PersonProfile profile(List<PhotoWords> photos, PersonProfile known) {
    PersonProfile profile = known;
    for (ProfileVocabulary.Attribute attribute : ProfileVocabulary.attributes()) {
      boolean asked = profile.trait(attribute.name()).isEmpty()
          && profile.vocabulary(0).isApplicable(attribute)
          && !(attribute.name().equals("colour")
              && profile
                  .trait("hair")
                  .filter(hair -> !hair.value().contains("#"))
                  .isPresent());
      if (asked) {
        Word best = best(photos, attribute.name());
        Word word = attribute.name().equals("hair") ? orAnyHair(photos, best) : best;
        profile = profile.with(new PersonProfile.Trait(
            attribute.name(),
            word.text,
            Math.min(1, word.probability),
            PersonProfile.Trait.Source.PHOTOS));
      }
    }
    return profile;
  }

  /** If no hairstyle is certain but hair is, "# hair", so that its colour can still be named. */
  private static Word orAnyHair(List<PhotoWords> photos, Word best) {
    List<String> words = photos.get(0).attributes.get("hair");
    double any = IntStream.range(0, words.size())
        .filter(word -> words.get(word).contains("#"))
        .mapToDouble(word -> meanProbability(photos, "hair", word))
        .sum();
    return best.probability < PersonProfile.MIN_CONFIDENCE && any >= PersonProfile.MIN_CONFIDENCE
        ? new Word("# hair", any)
        : best;
  }

  private static double meanProbability(List<PhotoWords> photos, String attribute, int word) {
    return photos.stream()
        .mapToDouble(photo -> photo.probabilities.get(attribute)[word])
        .average()
        .orElseThrow();
  }

  /**
   * The scene, with words of at least this probability. If a colour of the outfit is certain, the
   * most probable garment is added.
   */
  SceneWords scene(double minProbability) {
    SceneWords words = SceneWords.EMPTY;
    for (String attribute : SCENE_ATTRIBUTES) {
      Word best = best(List.of(this), attribute);
      boolean needed =
          attribute.equals("outfit") && !words.word("outfit colour").isEmpty();
      if (best.probability >= minProbability || needed) {
        words = words.with(attribute, best.text);
      }
    }
    return words;
  }
}
