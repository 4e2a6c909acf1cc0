package dev.likeness.headshots.person;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.AcceptedPhoto;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What is kept of the photos in a person's file, so that headshots can be compared with them when
 * the photos are gone.
 *
 * @param traits of each photo
 */
public record PersonRecord(List<FaceTraits> traits) {
  public static final String NOTE_KEY = "likeness.measures";

  public static PersonRecord of(List<AcceptedPhoto> photos) {
    return new PersonRecord(
        photos.stream().map(photo -> FaceTraits.of(photo.image(), photo.face())).toList());
  }

  /** What a person's file keeps among its {@code notes}; empty for files of other programs. */
  static Optional<PersonRecord> of(Map<String, String> notes) {
    String json = notes.getOrDefault(NOTE_KEY, "");
    try {
      return json.isEmpty()
          ? Optional.empty()
          : Optional.of(new PersonRecord(JSON.std.listFrom(json).stream()
              .map(n -> FaceTraits.of((List<?>) n))
              .toList()));
    } catch (IOException | RuntimeException e) {
      throw new InvalidInputException(
          "the measures in the person's file cannot be read; learn the person again", e);
    }
  }

  /** The same person with these in their file. */
  public TrainedPerson addTo(TrainedPerson person) {
    return person.with(NOTE_KEY, toJson());
  }

  public String toJson() {
    try {
      return JSON.std.asString(traits.stream().map(FaceTraits::toList).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The light that nearly all photos of somebody were taken in. Clothes and backdrops can be left
   * out of what is learnt; light falls on the face, and what all photos share of it is learnt with
   * the face, whatever their captions say. So it goes into the negative prompt of images that do
   * not ask for it.
   *
   * @param words such as {@code flash}; empty where the photos differ, or nothing is known of their
   *     light
   */
  public record SharedLight(String words) {
    static final String NOTE_KEY = "likeness.shared_light";

    /** What is kept of somebody who was learnt; nothing of others. */
    public static SharedLight of(Identity person) {
      return new SharedLight(KnownPerson.of(person).light());
    }

    /** The same person with this in their file. */
    public TrainedPerson addTo(TrainedPerson person) {
      return words.isEmpty() ? person : person.with(NOTE_KEY, words);
    }

    /**
     * The negative prompt {@code own} with this light in it, but without whatever {@code prompt}
     * asks for, in capitals or small letters.
     */
    public String negativePrompt(String own, String prompt) {
      List<String> parts = Arrays.stream(own.split(","))
          .map(String::strip)
          .filter(part -> !part.isEmpty())
          .toList();
      List<String> unasked = Stream.concat(parts.stream(), Stream.of(words))
          .distinct()
          .filter(part -> !part.isEmpty() && !contains(prompt, part))
          .toList();
      return unasked.equals(parts) ? own : String.join(", ", unasked);
    }

    /** Whether {@code words} are among those of the prompt, with hyphens or without. */
    private static boolean contains(String prompt, String words) {
      return Pattern.compile("(?<!\\w)" + Pattern.quote(normalize(words)) + "(?!\\w)")
          .matcher(normalize(prompt))
          .find();
    }

    private static String normalize(String text) {
      return text.toLowerCase(Locale.ROOT).replace('-', ' ');
    }
  }
}
