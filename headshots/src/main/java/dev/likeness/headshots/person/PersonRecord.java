package dev.likeness.headshots.person;

import dev.likeness.diffusion.Identity;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.AcceptedPhoto;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The data that a person's file keeps beside the weights: the profile, and measures of the photos.
 * With it, likeness can be measured and face guidance can be used without the photos. It is
 * biometric data and is never logged. Immutable.
 *
 * @param profile the person's appearance in words
 * @param traits measures of the face, one for each photo; empty if the file keeps none
 * @param light the light that the photos share
 * @param guidanceFaces the face embeddings for face guidance; empty if the file keeps none
 * @param faces the face embeddings for measuring likeness; empty if the file keeps none
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

  /** Copies the measures. */
  public PersonRecord {
    traits = List.copyOf(traits);
  }

  /**
   * Reads the record in a person's file.
   *
   * @param person the person
   * @return the record; {@link #EMPTY} for files of other programs, and for a person without a file
   * @throws dev.likeness.diffusion.error.InvalidInputException if a part of the record is damaged
   */
  public static PersonRecord of(Identity person) {
    return PersonMetadata.read(person.metadata(), "the file of the person");
  }

  /**
   * Measures the faces in photos.
   *
   * @param photos the person's photos
   * @return the measures, one for each photo
   */
  public static List<FaceTraits> traits(List<AcceptedPhoto> photos) {
    return photos.stream()
        .map(photo -> FaceTraits.of(photo.image(), photo.face()))
        .toList();
  }

  /**
   * Adds this record to a trained person. The parts of this record replace the parts of the
   * person's earlier record, with one exception: empty measures, light or face embeddings replace
   * nothing.
   *
   * @param person the trained person
   * @return a copy of the person with this record; both objects share their tensors, so close only
   *     one of them
   */
  public LoraPerson addTo(LoraPerson person) {
    LoraPerson with = person;
    for (Map.Entry<String, String> entry : PersonMetadata.write(this).entrySet()) {
      with = with.withMetadata(entry.getKey(), entry.getValue());
    }
    return with;
  }

  /**
   * Returns a copy of this record with the given profile.
   *
   * @param other the profile
   * @return the new record
   */
  public PersonRecord withProfile(PersonProfile other) {
    return new PersonRecord(other, traits, light, guidanceFaces, faces);
  }

  /**
   * Returns a copy of this record with the given measures of the face.
   *
   * @param others the measures, one for each photo
   * @return the new record
   */
  public PersonRecord withTraits(List<FaceTraits> others) {
    return new PersonRecord(profile, others, light, guidanceFaces, faces);
  }

  /**
   * Returns a copy of this record with the given light.
   *
   * @param other the light that the photos share
   * @return the new record
   */
  public PersonRecord withLight(SharedLight other) {
    return new PersonRecord(profile, traits, other, guidanceFaces, faces);
  }

  /**
   * Returns a copy of this record with the given face embeddings for face guidance.
   *
   * @param others the embeddings
   * @return the new record
   */
  public PersonRecord withGuidanceFaces(FaceEmbeddings others) {
    return new PersonRecord(profile, traits, light, Optional.of(others), faces);
  }

  /**
   * Returns a copy of this record with the given face embeddings for measuring likeness.
   *
   * @param others the embeddings
   * @return the new record
   */
  public PersonRecord withFaces(FaceEmbeddings others) {
    return new PersonRecord(profile, traits, light, guidanceFaces, Optional.of(others));
  }

  /**
   * The light that nearly all photos of a person were taken in. Training learns this light together
   * with the face, even if the captions mention it. If the prompt of an image does not ask for this
   * light, the light is therefore added to the negative prompt.
   *
   * @param words such as {@code flash}; empty if the photos differ or their light is unknown
   */
  public record SharedLight(String words) {
    /**
     * The light of a person's photos.
     *
     * @param person any identity
     * @return the light; its words are empty if the identity keeps no light
     */
    public static SharedLight of(Identity person) {
      return PhotoPerson.of(person).sharedLight();
    }

    /**
     * Adds this light to a negative prompt. Then removes each comma-separated part of the negative
     * prompt that also occurs in {@code prompt}. Case and hyphens are ignored.
     *
     * @param own the negative prompt
     * @param prompt the prompt of the same image
     * @return the new negative prompt
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

    /** Returns true if the prompt contains the words, with hyphens or without. */
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
