package dev.likeness.headshots.person;

import dev.likeness.diffusion.Identity;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.AcceptedPhoto;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a person's file keeps beside the weights: the profile, and what the photos showed. It
 * measures and guides likeness when the photos are gone. Biometric data: never logged. Immutable.
 *
 * @param profile the person's appearance in words
 * @param traits measures of the face, one for each photo; empty if the file keeps none
 * @param light the light that the photos share
 * @param guidanceFaces the face embeddings that face guidance follows, if the file keeps any
 * @param faces the face embeddings that likeness is measured by, if the file keeps any
 */
public record PersonRecord(
    PersonProfile profile,
    List<FaceTraits> traits,
    SharedLight light,
    Optional<FaceEmbeddings> guidanceFaces,
    Optional<FaceEmbeddings> faces) {
  /** The record of an unknown person. */
  public static final PersonRecord EMPTY = new PersonRecord(
      PersonProfile.UNKNOWN, List.of(), new SharedLight(""), Optional.empty(), Optional.empty());

  public PersonRecord {
    traits = List.copyOf(traits);
  }

  /**
   * Reads the record in a person's file; {@link #EMPTY} for files of other programs.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if a part of it is damaged
   */
  public static PersonRecord of(TrainedPerson person) {
    return PersonNotes.read(person.notes());
  }

  /** Measures the faces in {@code photos}. */
  public static List<FaceTraits> traits(List<AcceptedPhoto> photos) {
    return photos.stream()
        .map(photo -> FaceTraits.of(photo.image(), photo.face()))
        .toList();
  }

  /** The same person with this record in their file, in place of the one that it has. */
  public TrainedPerson addTo(TrainedPerson person) {
    TrainedPerson with = person;
    for (Map.Entry<String, String> note : PersonNotes.write(this).entrySet()) {
      with = with.withNote(note.getKey(), note.getValue());
    }
    return with;
  }

  /** The same record with another profile. */
  public PersonRecord withProfile(PersonProfile other) {
    return new PersonRecord(other, traits, light, guidanceFaces, faces);
  }

  /** The same record with measures of other photos. */
  public PersonRecord withTraits(List<FaceTraits> others) {
    return new PersonRecord(profile, others, light, guidanceFaces, faces);
  }

  /** The same record with the light of other photos. */
  public PersonRecord withLight(SharedLight other) {
    return new PersonRecord(profile, traits, other, guidanceFaces, faces);
  }

  /** The same record with other face embeddings for face guidance. */
  public PersonRecord withGuidanceFaces(FaceEmbeddings others) {
    return new PersonRecord(profile, traits, light, Optional.of(others), faces);
  }

  /** The same record with other face embeddings to measure likeness by. */
  public PersonRecord withFaces(FaceEmbeddings others) {
    return new PersonRecord(profile, traits, light, guidanceFaces, Optional.of(others));
  }

  /**
   * The light that nearly all photos of a person were taken in. A training learns it with the face,
   * whatever the captions say, so it goes into the negative prompt of images that do not ask for
   * it.
   *
   * @param words such as {@code flash}; empty if the photos differ or their light is unknown
   */
  public record SharedLight(String words) {
    /** The light of a trained person's photos; empty for other identities. */
    public static SharedLight of(Identity person) {
      return new SharedLight(KnownPerson.of(person).light());
    }

    /**
     * Adds this light to a negative prompt, and removes from it what the prompt asks for, whatever
     * the case of letters.
     *
     * @param own the negative prompt
     * @param prompt the prompt of the same image
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
